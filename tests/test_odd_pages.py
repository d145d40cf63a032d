"""Pages and refusals of odd studies: panels without a number, one cell, one title twice, ranges without end."""

from __future__ import annotations

import dataclasses
import json
import re
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import report_table
from conftest import Lab

from attnlab import audit
from attnlab.harness.overrides import MOST_VALUES
from attnlab.inputs.heads import Heads
from attnlab.intervals import ANY, SHARE, interval
from attnlab.report import index, maps, study
from attnlab.report.cell_table import cell_table
from attnlab.report.figures.heat import Heat
from attnlab.report.shown import all_once, whole
from attnlab.report.specs import build
from attnlab.report.words import spoken, typeset
from attnlab.verdicts import Verdict, agreement

MAP: dict[str, object] = {
    "name": "one", "kind": "heat", "x": "inputs.n", "y": "inputs.d", "value": "top1", "col": "inputs",
}  # fmt: skip
LINES: dict[str, object] = {"name": "one", "kind": "lines", "x": "inputs.n", "y": "top1", "col": "inputs"}


def rows(skipped: str) -> pd.DataFrame:
    """Two kinds of inputs, all cells of one of them skipped; neither is a cell like the others."""
    found = []
    for name in ("alike", "other"):
        for n in (4, 8):
            own: dict[str, object] = {
                "study": "odd", "key": f"{name}{n}", "status": "done", "reason": None, "inputs": name,
                "inputs.n": n, "inputs.d": n // 2, "trials": 20, "repeats": 1, "seed": 0,
            }  # fmt: skip
            numbers = interval(np.arange(20.0) % 2, SHARE)
            there = own | report_table.measured("top1", "rate", numbers)
            away = own | {"status": "skipped", "reason": "too few"}
            found.append(away if name == skipped else there)
    return pd.DataFrame(found)


@pytest.mark.parametrize("skipped", ["alike", "other", ""])
@pytest.mark.parametrize("spec", [MAP, {**MAP, "against": "alike"}, LINES, {**LINES, "kind": "points"}])
def test_a_panel_without_a_number_does_not_cost_the_figure(spec: dict[str, object], skipped: str) -> None:
    table = rows(skipped)
    found = build(spec).fitted(table).render(table, "figures", "one")
    assert found.files and ("2 cells skipped" in found.caption) == bool(skipped)


def test_a_map_says_which_setting_is_no_number() -> None:
    table = rows("")
    found = whole({**MAP, "x": "inputs", "col": None}, table, "figures", "one")
    assert found.problem == "inputs is not a number in every cell"


def test_letters_that_the_drawing_machine_lacks_are_no_warning() -> None:
    """The words stay text in the drawing; who reads it has these letters or has not."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = build({**LINES, "labels": {"top1": "注意 🎉"}}).render(rows(""), "figures", "one")
    assert "注意 🎉" in found.html


def test_studies_of_one_title_are_told_apart_wherever_they_are_named(tmp_path: Path) -> None:
    table = report_table.table(8)
    facts = report_table.study(table)
    entries = []
    for name in ("first", "second"):
        own = dataclasses.replace(facts, name=name)
        told = report_table.verdict(table)
        study.write(tmp_path / name, own, table, told)
        entries.append(index.IndexEntry(own, told, index.frames(own, table, name)))
    index.write(tmp_path, entries)
    title = facts.title
    twin = (tmp_path / "index.md").read_text(encoding="utf-8")
    assert (
        not re.search(re.escape(f"[{title}]"), twin) and twin.count(f"[{title} (first)](first/report.md)") > 1
    )
    page = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert f">{title}</a>" not in page and f">{title} (second)</a>" in page
    assert f"Next: {title} (second)" in (tmp_path / "first" / "report.html").read_text(encoding="utf-8")


def test_one_cell_is_not_one_of_the_one() -> None:
    def law(*values: float) -> list[str]:
        parts = []
        for n, value in enumerate(values):
            own = {"key": str(n), "status": "done", "inputs.n": n, "seed": 0}
            parts.append(own | report_table.measured("top1", "rate", interval(np.full(20, 1.0), SHARE)))
            parts.append(own | report_table.measured("law", "mean", report_table.constant(value, 20)))
        return agreement(pd.DataFrame(parts), "top1", "law")

    (held,), (missed,), (some,) = law(1.0), law(0.1), law(1.0, 0.1)
    assert "The exact law lies in the" in held
    assert held.endswith("in the one cell for which it is known (20 trials).")
    assert "does not lie in" in missed
    assert some.endswith("in 1 of the 2 cells for which it is known (20 trials each or more).")


@pytest.mark.parametrize(
    ("rows", "told"), [(1, "The one row here is"), (2, "Both rows here are"), (3, "All 3 rows")]
)
def test_certain_rows_are_counted_in_words(rows: int, told: str) -> None:
    weights = np.tile(np.array([1.0, 0.0]), (1, rows, 1))
    found = Heads(values=np.array([[[0.0], [1.0]]]), weights=weights)
    shown = maps.drawn(json.loads(json.dumps(maps.gathered([audit.shown(found.head(0, 0), 8)]))))
    assert told in shown.markdown


def test_a_word_that_nobody_sees_is_told_by_its_position() -> None:
    draw = np.random.default_rng(0).standard_normal
    found = Heads(
        queries=draw((1, 3, 2)), keys=draw((1, 3, 2)), values=draw((1, 3, 1)), tokens=["\n", "", "b"]
    )
    shown = maps.drawn(json.loads(json.dumps(maps.gathered([audit.shown(found.head(0, 0), 8)]))))
    assert "“”" not in shown.markdown and "()" not in shown.markdown and "( )" not in shown.markdown
    assert "position 0" in shown.markdown and "position 1" in shown.html and "“b”" in shown.markdown


def test_a_name_that_ends_as_some_must_in_python_leaves_no_gap() -> None:
    assert spoken("lambda_") == "lambda" and spoken("least_squares") == "least squares"


@pytest.mark.parametrize(
    ("typed", "allowed"),
    [
        ("range(1,2,0)", "values that can be listed"),
        ("range(1,nan)", "values that can be listed"),
        ("range(1,inf)", f"at most {MOST_VALUES:,} values"),
        ("range(5,1)", "at least one value, got none\n"),
        ("range(1,10,-1)", "at least one value, got none\n"),
    ],
)
def test_a_range_that_is_none_is_refused_by_name(lab: Lab, typed: str, allowed: str) -> None:
    answer = lab("experiment=noop", f"inputs.n={typed}", "action=plan")
    assert answer.code == 2 and f"inputs.n = {typed}" in answer.err and allowed in answer.err
    assert "Traceback" not in answer.err and not lab.results.exists()


def test_a_comparison_that_is_refused_hints_at_no_command_that_would_be(lab: Lab) -> None:
    """Of a part without the setting in the way no command is told; of one that has it a command that runs."""
    few = ("experiment=recovery", "inputs.n=4", "inputs=gaussian", "decoder=simplex", "trials=2", "repeats=1")
    for name, words in {
        "hard": ("weights=hard",),
        "soft": ("weights=softmax", "weights.temperature=1,4"),
        "warm": ("weights=softmax", "weights.temperature=2,3"),
    }.items():
        assert lab(*few, *words, f"study={name}", "exec=serial").code == 0
    for other in ("hard", "warm"):
        answer = lab("action=compare", f"a={other}", "b=soft")
        hints = re.findall(r"for cells in common: attnlab (.*)", answer.err)
        assert answer.code == 2 and len(hints) == (other == "warm")
        for hint in hints:
            assert lab(*hint.replace(f"results={lab.results}", "").split(), "action=plan").code == 0


def test_a_cell_is_called_by_its_parts_and_every_other_setting_by_its_name() -> None:
    """A number without a name says nothing: near, starts and heads are settings of a study, and no parts."""
    number = report_table.measured("top1", "rate", interval(np.full(20, 1.0), SHARE))
    settings = ["inputs", "inputs.n", "decoder", "decoder:says", "near", "asks"]
    rows = [
        number | {"key": words[0], "status": "done", "reason": None} | dict(zip(settings, words, strict=True))
        for words in (("one", 4, "first", "it", 0.5, "no words"), ("two", 4, "second", "it", 2.0, "words"))
    ]
    cells = cell_table(pd.DataFrame(rows))
    (first, second) = (cells.label(row) for row in cells.rows)
    assert (
        first == "one, first, near = 0.5, asks = no words" and second == "two, second, near = 2, asks = words"
    )


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("the table has no setting channel.sigma", "the table has no setting channel.sigma"),
        ("channel.sigma=0.1 inputs.tau_0=1", "channel.sigma=0.1 inputs.tau_0=1"),
        ("noise of sigma = 1.", "noise of σ = 1."),
        ("tau", "τ"),
    ],
)
def test_a_letter_has_its_sign_and_the_name_of_a_setting_stays(words: str, told: str) -> None:
    assert typeset(words) == told


def shares(values: dict[tuple[int, int], float], metric: str = "width") -> pd.DataFrame:
    """A cell for each (n, d), with a mean."""
    return pd.DataFrame(
        [
            {
                "study": "odd",
                "key": f"{n}-{d}",
                "status": "done",
                "reason": None,
                "inputs": "own",
                "inputs.n": n,
            }
            | {"inputs.d": d, "trials": 20, "repeats": 1, "seed": 0}
            | report_table.measured(metric, "mean", interval(np.full(20, value), ANY))
            for (n, d), value in values.items()
        ]
    )


@pytest.mark.parametrize(
    ("values", "ends"),
    [
        ([0.0], (0, 1)),
        ([0.3], (0, 1)),
        ([1.0], (0, 1)),
        ([0.3, 0.3 + 1e-15], (0, 1)),
        ([40.0], (20, 60)),
        ([-2.0, -2.0], (-3, -1)),
        ([0.1, 0.3], (0.1, 0.3)),
        ([0.1, 0.8], (0, 1)),
        ([2.0, 5.0], (2, 5)),
    ],
)
def test_one_value_has_no_colours_beyond_its_range(values: list[float], ends: tuple[float, float]) -> None:
    """A share or a width lies from 0 to 1, and so do its colours; what may lie anywhere is in their middle."""
    table = shares({(4, d): value for d, value in enumerate(values, 2)})
    found = build({**MAP, "value": "width", "col": None}).fitted(table)
    assert isinstance(found, Heat)
    scale = found.scale(found.marks(found.kept(table)))
    assert (scale.vmin, scale.vmax) == pytest.approx(ends)
    rates = found.scale(found.marks(found.kept(table.assign(kind="rate"))))
    assert (rates.vmin, rates.vmax) == (0, 1)
    assert found.render(table, "figures", "one").files


def test_a_map_names_the_lines_it_draws_and_no_other() -> None:
    """Of one column of cells a level is crossed in one point, which is no line."""
    lines = {"contours": [{"metric": "width", "label": "at one half"}], "curves": ["width"]}
    spec = {**MAP, "value": "width", "col": None, **lines}
    one = shares({(4, d): d / 8 for d in (2, 3, 5)})
    several = shares({(n, d): d / 8 for n in (4, 8) for d in (2, 3, 5)})
    for table, drawn in ((one, False), (several, True)):
        found = build(spec).fitted(table)
        assert isinstance(found, Heat)
        shown = found.render(table, "figures", "one")
        assert ("at one half" in shown.html) == drawn
        assert ("Lines are interpolated" in shown.caption) == drawn
        assert len(found.legend(found.kept(table))) == (2 if drawn else 0)


def test_the_same_marks_are_drawn_once_and_claims_are_at_their_figure() -> None:
    one, several = rows("").query("inputs == 'alike' and `inputs.n` == 4"), rows("")
    by = {
        **LINES,
        "name": "by",
        "col": None,
        "hue": "inputs",
        "title": "Another title",
        "labels": {"top1": "top"},
    }
    other = {**LINES, "name": "other", "kind": "points", "x": "inputs", "col": None}
    first, second, third = all_once([LINES, by, other], one, "figures")
    assert first.files and third.files and not second.html and not second.files
    assert second.problem == "it would show the same as Figure 1" and second.title == "Another title"
    assert not any(shown.problem for shown in all_once([LINES, by, other], several, "figures"))
    narrowed = {**LINES, "name": "narrowed", "where": {"inputs": "alike"}}
    assert not any(shown.problem for shown in all_once([LINES, narrowed], several, "figures"))


def test_a_page_leads_from_a_claim_to_the_figure_that_is_drawn(tmp_path: Path) -> None:
    table = report_table.table(8)
    table = table[table["key"] == table["key"].iloc[0]]
    spec = {"kind": "lines", "x": "weights.support", "y": "support_recall"}
    twins = [{**spec, "name": "first", "hue": "decoder"}, {**spec, "name": "second", "col": "inputs.d"}]
    found = all_once(twins, table, "figures")
    assert found[1].problem and found[0].marks == found[1].marks
    facts = dataclasses.replace(report_table.study(table), figures=twins)
    told = Verdict(("It is so (20 trials).", "And so (20 trials)."), figures=("first", "second"))
    study.write(tmp_path, facts, table, told)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert page.count("Not drawn: it would show the same as Figure 1.") == 1
    assert page.count('href="#figure-first"') == 2 and 'href="#figure-second"' not in page
