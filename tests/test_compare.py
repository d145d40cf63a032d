"""action=compare: what two studies have in common, each difference with its interval, the claims that changed."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import Lab

import attnlab
from attnlab.intervals import ANY, SHARE, Interval, interval
from attnlab.report.compare import Apart, Side, compare
from attnlab.report.comparison import sentences, signed
from attnlab.verdicts import Verdict
from attnlab.verdicts.changed import claims, read
from attnlab.verdicts.difference import difference

FAST = ("experiment=noop", "exec=serial", "inputs.n=4,8", "repeats=5", "figures=[]")
ONE = ("experiment=noop", "exec=serial", "inputs.n=4", "repeats=5", "figures=[]")


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def pair(lab: Lab, *second: str) -> None:
    lab(*FAST, "study=one", "level=1")
    lab(*FAST, "study=two", *(second or ("level=2",)))


def csv(lab: Lab, name: str = "one-vs-two") -> pd.DataFrame:
    return pd.read_csv(lab.results / "compare" / name / "results.csv")


def covered(shared: bool, share: bool, correlation: float, repeats: int, rounds: int = 400) -> float:
    """How often the interval of a difference holds the true one."""
    rng, hits, size = np.random.default_rng(3), 0, 40
    for _ in range(rounds):
        draws = rng.standard_normal((repeats, size))
        other = correlation * draws + np.sqrt(1 - correlation**2) * rng.standard_normal((repeats, size))
        left, right = (draws > 0.3, other > 0.0) if share else (draws, other + 1)
        truth = 0.5 - 0.3820885778 if share else 1.0
        measure = SHARE if share else ANY
        a, b = (interval(values.astype(float).ravel(), measure) for values in (left, right))
        means = [values.mean(axis=1).tolist() for values in (left, right)]
        found = difference(a, b, shared, (means[0], means[1]))
        hits += found.low <= truth <= found.high
    return hits / rounds


@pytest.mark.parametrize("share", [True, False])
@pytest.mark.parametrize(
    ("shared", "correlation", "repeats"), [(True, 0.9, 5), (True, 0, 5), (True, 0.9, 2), (False, 0, 5)]
)
def test_intervals_of_differences_hold_the_truth(
    shared: bool, correlation: float, repeats: int, share: bool
) -> None:
    """By repeat, with too few repeats, and of independent draws: 95 % but for the error of 400 rounds."""
    assert covered(shared, share, correlation, repeats) >= 0.95 - 3 * np.sqrt(0.95 * 0.05 / 400)


def test_pairing_narrows_and_is_not_claimed_without_cause() -> None:
    wide = Interval(0.5, 0.4, 0.6, 100, 100)
    other = Interval(0.6, 0.5, 0.7, 100, 100)
    means = [0.3, 0.4, 0.5, 0.6, 0.7]
    moved = [0.41, 0.49, 0.6, 0.69, 0.81]
    paired = difference(wide, other, True, (means, moved))
    assert paired.how == "by repeat" and paired.low == pytest.approx(
        0.1 - 2.776445 * np.std([0.11, 0.09, 0.1, 0.09, 0.11], ddof=1) / 5**0.5
    )
    assert difference(wide, other, False, (means, moved)).how == "independent"
    assert difference(wide, other, True, (means[:4], moved[:4])).how == "one seed"
    assert difference(wide, other, True, ([0.3, None, 0.5, 0.6, 0.7], moved)).how == "one seed"
    assert difference(wide, other, True, ([0.3] * 5, moved)).how == "one seed"  # repeats of unequal weight
    same_step = [value + 0.1 for value in means]
    added = difference(wide, other, True, (means, same_step))
    assert added.how == "one seed"
    assert [added.low, added.high] == pytest.approx([-0.1, 0.3])
    apart = difference(wide, other, False)
    assert apart.high - apart.low == pytest.approx(2 * np.hypot(0.1, 0.1))
    unknown = difference(Interval(0.5, np.nan, np.nan, 3, 1), other, False)
    assert not unknown.known and unknown.clear == 0 and "no interval" in str(unknown)
    assert difference(wide, Interval(0.5 + 1e-12, 0.4, 0.6, 100, 100), True).clear == 0


def test_two_sweeps_side_by_side(lab: Lab) -> None:
    """The difference of every metric in every common cell is that of the records, paired by repeat."""
    pair(lab)
    answer = lab("action=compare", "a=one", "b=two")
    assert answer.code == 0, answer.err
    assert "one and two have 2 cells in common, and no other cells." in answer.out
    assert "They differ in level (1 and 2)." in answer.out
    assert answer.out.rstrip().endswith("compare/one-vs-two/report.html")
    table = csv(lab)
    records = {
        record["key"]: record["metrics"]
        for study in ("one", "two")
        for path in (lab.results / study / "cells").glob("??/*.json")
        if (record := json.loads(path.read_text()))
    }
    draws = table[table["metric"] == "draw"]
    assert len(draws) == 2 and set(table["metric"]) == {"draw", "positive"}
    assert draws["inputs.n"].tolist() == [4, 8] and set(draws["how"]) <= {"by repeat", "one seed"}
    for _, row in table.iterrows():
        a, b = (records[row[key]][row["metric"]] for key in ("key_a", "key_b"))
        assert row["difference"] == pytest.approx(b["value"] - a["value"], abs=1e-12)
        assert (row["low_a"], row["high_b"]) == (a["low"], b["high"])
        each = np.subtract(b["by_repeat"], a["by_repeat"])
        if row["how"] == "by repeat":
            half = 2.7764451 * each.std(ddof=1) / 5**0.5
            assert row["difference_high"] - row["difference"] == pytest.approx(half, rel=1e-6)


def test_the_page_is_whole_by_itself_and_the_same_every_time(lab: Lab) -> None:
    pair(lab)
    lab("action=compare", "a=one", "b=two")
    before = files(lab.results)
    lab("action=compare", "a=one", "b=two")
    assert files(lab.results) == before
    page = (lab.results / "compare" / "one-vs-two" / "report.html").read_text()
    assert not re.search(r"""(?:src|href)=["'](?!\.\./\.\./index\.html|data:|#)""", page)
    text = (lab.results / "compare" / "one-vs-two" / "report.md").read_text()
    assert "| level | 1 | 2 |" in text and "| inputs.n | metric | one | two | difference |" in text
    assert "The mean draw is" in text and "attnlab action=compare a=one b=two" in text
    assert lab("action=report").code == 0 and "compare" not in lab("action=status").out


def test_cells_that_only_one_has_and_cells_that_are_not_done(lab: Lab) -> None:
    lab(*FAST, "study=one", "level=1,2,3")
    lab("experiment=noop", "exec=serial", "repeats=5", "study=two", "level=2,3,4,5", "inputs.n=4,8,16")
    answer = lab("action=compare", "a=one", "b=two")
    assert "4 cells in common; without a partner: 2 cells of one and 8 cells of two." in answer.out
    assert "These are the same cells" in answer.out and set(csv(lab)["how"]) == {"same cell"}
    lab(*FAST, "study=three", "level=1,2,3", "mood=raise,fine")
    assert lab("action=compare", "a=one", "b=three").code == 0
    lab(*FAST, "study=four", "level=1,2,3", "mood=raise")
    out = lab("action=compare", "a=one", "b=four").out
    assert "They differ in mood (fine and raise)." in out
    text = (lab.results / "compare" / "one-vs-four" / "report.md").read_text()
    assert "inputs.n=4 level=1: done in one, failed in four" in text and "No metric was measured" in text


def test_other_seeds_are_independent_and_other_versions_are_said(lab: Lab) -> None:
    pair(lab, "level=1", "seed=1")
    lab("action=compare", "a=one", "b=two")
    assert set(csv(lab)["how"]) == {"independent"}
    path = lab.folder / "mine" / "noop.py"
    path.write_text(path.read_text().replace("VERSION = 1", "VERSION = 2"))
    lab(*FAST, "study=newer", "level=1")
    out = lab("action=compare", "a=one", "b=newer").out
    assert "No setting tells them apart; 2 cells came from other code: experiment: version 1 and 2." in out


def test_a_reference_run_is_compared_without_its_records(lab: Lab) -> None:
    pair(lab)
    (lab.results / "reference").mkdir()
    shutil.move(lab.results / "one", lab.results / "reference" / "noop")
    shutil.rmtree(lab.results / "reference" / "noop" / "cells")
    answer = lab("action=compare", "a=reference/noop", "b=two")
    assert answer.code == 0, answer.err
    table = csv(lab, "reference-noop-vs-two")
    assert set(table["how"]) == {"one seed"} and table["difference"].abs().max() > 0
    (lab.results / "reference" / "noop" / "study.json").write_text("{}")  # of an older attnlab
    assert lab("action=compare", "a=reference/noop", "b=two").code == 0


REFUSED: list[tuple[tuple[str, ...], tuple[str, ...]]] = [
    (("a=one", "b=twoo"), ("b = twoo", "did you mean two?")),
    (("a=one",), ("b = null", "a study with records here: apart, one, two")),
    (("b=one",), ("a = null",)),
    (("a=one", "b=one"), ("b = one", "another study than a")),
    (("a=one", "b=empty"), ("b = empty", "a study with records here")),
    (("a=one", "b=two", "inputs.n=4"), ("inputs.n = 4", "it asks for a grid of cells")),
    (("a=one", "b=two", "trials=null"), ("trials = null", "it asks for a grid of cells")),
    (("a=one", "b=two", "study=one"), ("study = one", "it names a sweep")),
    (("a=one", "b=two", "experiment=noop"), ("experiment = noop", "it chooses what is asked")),
    (
        ("a=one", "b=apart"),
        (
            "b = apart",
            "a study with cells in common with one",
            "inputs.n: 4, 8 in one; 16, 32 in apart",
            "study=apart level=1 inputs.n=4,8",
        ),
    ),
]


def test_what_cannot_be_compared_is_refused(lab: Lab) -> None:
    pair(lab)
    (lab.results / "empty").mkdir()
    lab("experiment=noop", "exec=serial", "study=apart", "inputs.n=16,32", "level=1")
    before = files(lab.results)
    for words, told in REFUSED:
        answer = lab("action=compare", *words)
        assert answer.code == 2 and "Traceback" not in answer.err
        assert all(part in answer.err for part in told), answer.err
        assert "did you mean" not in answer.err or "twoo" in answer.err
        assert files(lab.results) == before


def test_words_of_another_action_are_refused(lab: Lab) -> None:
    for words in (("a=one",), ("b=one", "action=plan"), ("key=ab",), ("action=compare", "key=ab")):
        answer = lab("experiment=noop", *words)
        assert answer.code == 2 and "does not heed it" in answer.err
    answer = lab(*FAST, "study=compare")
    assert answer.code == 2 and "what action=compare makes" in answer.err and not lab.results.exists()


def moved(one: str, other: str) -> bool:
    raise AssertionError(f"not asked of {one} and {other}")


def test_claims_are_matched_by_their_words() -> None:
    one = Verdict(("B holds for all of them.", "Only here, at n = 4.", "The same at 5 %, in fewer words."))
    other = Verdict(
        ("Something else entirely now.", "The same at 6 %, in few words.", "B holds for all of them.")
    )
    found = claims(one, other, moved)
    assert found.kept == 1 and found.again == ()
    assert found.changed == (
        ("Only here, at n = 4.", ""),
        ("The same at 5 %, in fewer words.", "The same at 6 %, in few words."),
        ("", "Something else entirely now."),
    )
    again = claims(one, one, moved)
    assert (again.changed, again.again, again.kept) == ((), (), 3)


def test_a_claim_changes_with_its_number_and_not_with_its_trials() -> None:
    """The same words, other trials and an interval of another width: no change. A number that moved: a change."""

    def told(number: str, trials: str) -> Verdict:
        return Verdict((f"A is seen in {number} of trials (n = 8, temperature 1; {trials} trials each).",))

    for number, trials in (
        ("44.0 % [37.3, 50.9]", "50 to 1,200"),
        ("45.1 % [44.3, 45.9]", "20,000"),
        ("46.2 % (no interval)", "9"),
        ("46.2 % (no interval: too few trials)", "12"),
    ):
        found = claims(told("44.0 % [37.3, 50.9]", "200"), told(number, trials), by_intervals)
        assert found.changed == () and len(found.again) == 1, number
    found = claims(told("44.0 % [37.3, 50.9]", "200"), told("64.0 % [57.3, 70.9]", "200"), by_intervals)
    assert len(found.changed) == 1 and found.again == ()
    few, many = (Verdict((f"It is {n} bits.",)) for n in ("1.2e-05 [1e-05, 1.4e-05]", "2 [1.5, 2.5]"))
    assert len(claims(few, many, by_intervals).changed) == 1


def by_intervals(one: str, other: str) -> bool:
    left, right = read(one), read(other)
    return bool(left and right and difference(left, right, False).clear)


def test_a_claim_of_other_trials_is_the_same_claim(lab: Lab) -> None:
    """Another seed moves the mean by less than its interval: no claim changed. Another level moves it beyond."""
    lab(*ONE, "study=one", "level=1")
    lab(*ONE, "study=two", "level=1", "seed=1")
    out = lab("action=compare", "a=one", "b=two").out
    assert "No claim changed; 1 says the same, of other trials." in out
    text = (lab.results / "compare" / "one-vs-two" / "report.md").read_text()
    assert "None." in text and "The same, of other trials:" in text
    lab(*ONE, "study=far", "level=9")
    assert "1 claim changed." in lab("action=compare", "a=one", "b=far").out


def test_an_interval_that_says_nothing_is_not_printed() -> None:
    for low, high in ((0.0, 1.0), (3.5e-282, 1.0), (2e-4, 0.9995)):
        nothing = Interval(0.5, low, high, 12, 1.2)
        assert str(nothing) == "0.5 (no interval: too few independent groups)"
        assert nothing.percent == "50.0 % (no interval: too few independent groups)"
        apart = difference(nothing, Interval(0.9, 0.8, 0.95, 90, 90), False)
        assert not apart.known and str(apart) == "+0.4 (no interval)"
    assert str(Interval(0.2, 3.5e-282, 0.7, 12, 1.2)) == "0.2 [0, 0.7]"
    assert str(Interval(0.5, 0.0, 0.98, 12, 1.2)) == "0.5 [0, 0.98]"
    assert str(Interval(2e-31, 1e-31, 4e-31, 12, 12)) == "2e-31 [1e-31, 4e-31]"


def test_what_rounding_leaves_is_printed_as_no_difference() -> None:
    assert [signed(value) for value in (-3.03e-18, 0.0, 1e-10, -0.0479, 2e-9)] == [
        "0",
        "0",
        "0",
        "-0.0479",
        "+2e-09",
    ]


def test_python_and_the_terminal_compare_alike(lab: Lab) -> None:
    """One comparison: the table of Study.compare is the csv of action=compare, paired where that is."""
    lab(*FAST, "study=one", "level=1,2")
    lab(*FAST, "study=two", "level=2,3", "mood=fine")
    lab(*FAST, "study=three", "level=2,1", "seed=1", "trials=20")
    for a, b in (("one", "two"), ("two", "one"), ("one", "three")):
        assert lab("action=compare", f"a={a}", f"b={b}").code == 0
        told = attnlab.load(lab.results / a).compare(attnlab.load(lab.results / b))
        pd.testing.assert_frame_equal(
            told.reset_index(drop=True), csv(lab, f"{a}-vs-{b}"), check_dtype=False, rtol=1e-12
        )
    lab("experiment=noop", "exec=serial", "repeats=5", "study=four", "level=1,2,3", "inputs.n=16,32")
    with pytest.raises(
        ValueError, match=r"expected cells in common with one(.|\n)*inputs.n: 4, 8 in one; 16, 32"
    ):
        attnlab.load(lab.results / "one").compare(attnlab.load(lab.results / "four"))


def test_the_page_can_be_found_and_walked(lab: Lab) -> None:
    """Contents that name every section, a way to the index, and one from the index to each comparison."""
    pair(lab)
    lab("action=compare", "a=one", "b=two")
    page = (lab.results / "compare" / "one-vs-two" / "report.html").read_text()
    headings = re.findall(r"<h2([^>]*)>", page)
    ids = [found[1] for heading in headings if (found := re.search(r'id="([^"]+)"', heading))]
    assert len(ids) == len(headings) > 3
    named = re.findall(r'<a href="#([^"]+)">', page)
    assert named == ["verdict", *ids] and 'id="verdict"' in page
    assert 'href="../../index.html"' in page and 'href="../../index.html#comparisons"' in page
    for name in ("index.html", "index.md"):
        link = f"compare/one-vs-two/report.{name.partition('.')[2]}"
        index = (lab.results / name).read_text()
        assert link in index and (lab.results / link).exists() and "omparisons" in index
    assert 'id="comparisons"' in (lab.results / "index.html").read_text()
    before = (lab.results / "index.html").read_bytes()
    assert lab("action=report").code == 0 and (lab.results / "index.html").read_bytes() == before
    (lab.results / "compare" / "one-vs-two" / "comparison.json").write_text("{torn")
    assert lab("action=report").code == 0 and "one-vs-two" not in (lab.results / "index.md").read_text()


@pytest.mark.parametrize(
    ("first", "second", "ways"),
    [
        ([(4, "a"), (8, "a")], [(4, "b"), (8, "c")], ["decoder"]),
        ([(4, "a"), (8, "a")], [(16, "a"), (32, "a")], ["inputs.n"]),
        ([(4, "a"), (8, "b")], [(8, "a"), (4, "b")], ["decoder"]),
        ([(4, "a"), (8, "a")], [(16, "b"), (32, "c")], ["decoder", "inputs.n"]),
        ([(4, "a"), (4, "a")], [(4, "a"), (8, "a")], []),
    ],
)
def test_the_settings_in_the_way_are_named(
    first: list[tuple[int, str]], second: list[tuple[int, str]], ways: list[str]
) -> None:
    """Those without a level in common; else the fewest without which cells would be partners."""
    tables = [cells(*({"inputs.n": n, "decoder": name} for n, name in own)) for own in (first, second)]
    with pytest.raises(Apart) as refused:
        compare(Side("one", tables[0]), Side("other", tables[1]))
    found = [way.name for way in refused.value.ways]
    assert sorted(found) == ways if len(ways) != 1 else found in (ways, ["inputs.n"])


def cells(*rows: dict[str, object]) -> pd.DataFrame:
    numbers = {
        "metric": "top1",
        "kind": "rate",
        "value": 0.5,
        "low": 0.4,
        "high": 0.6,
        "count": 100,
        "effective": 100,
    }
    return pd.DataFrame(
        [{"key": str(place), "status": "done", "seed": 0, **numbers, **row} for place, row in enumerate(rows)]
    )


def test_common_means_equal_in_all_but_what_tells_the_studies_apart() -> None:
    """Whatever type a column came as; a setting that varies on one side is never set aside."""
    one = cells(
        {"decoder": "a", "inputs.n": 4, "inputs.s": None}, {"decoder": "a", "inputs.n": 8, "inputs.s": None}
    )
    other = cells(
        {"decoder": "b", "inputs.n": "4", "inputs.s": 0.5},
        {"decoder": "b", "inputs.n": "auto", "inputs.s": 0.5},
        {"decoder": "b", "inputs.n": 8.0, "inputs.s": 0.5},
    )
    found = compare(Side("one", one), Side("other", other))
    assert found.common == 2 and found.left == (0, 1) and found.columns == ("inputs.n",)
    assert found.differ == (("decoder", "a", "b"), ("inputs.s", "none", "0.5"))
    assert found.claims is None and "claim" not in " ".join(sentences(found))
    both = cells({"decoder": "a", "inputs.n": 4}, {"decoder": "b", "inputs.n": 4})
    with pytest.raises(Apart, match="decoder: c in one; a, b in both"):
        compare(Side("one", cells({"decoder": "c", "inputs.n": 4})), Side("both", both))
    twice = cells({"decoder": "a", "inputs.n": 4}, {"decoder": "a", "inputs.n": 4})
    with pytest.raises(Apart, match="no setting tells the cells apart"):
        compare(Side("one", cells({"decoder": "a", "inputs.n": 4})), Side("twice", twice))
