"""A study's page: one claim, at most five sentences, and tables; each with its condition, trials and interval."""

from __future__ import annotations

import functools
import importlib
import re
from pathlib import Path

import pandas as pd
import pytest
import yaml
from told import STUDIES, reference

from attnlab.report.findings import SENTENCES, findings
from attnlab.report.level_tables import MOST, level_tables
from attnlab.report.pooling import NotDrawable
from attnlab.report.shown import Shown
from attnlab.report.specs import build
from attnlab.tidy import settings_of
from attnlab.verdicts import Claim, Levels, Told, Verdict, shared

CONF = Path(__file__).parents[1] / "conf" / "experiment"
INTERVAL = re.compile(r"\[-?[\d.e-]+, -?[\d.e-]+\]|\(no interval\)")
ELSEWHERE = re.compile(
    r"^Of [\d,]+ rows|by theorem|95 % interval|declines?, and says? why|, at most \d|estimate"
)
"""What stands for an interval: a count of all there are, a theorem, a comparison, a reason, an estimate."""
RAW = re.compile(
    r"\b[a-z]\w*_\w+\b|\b(?:inputs|weights|model|task|probe|projection|channel|collision)\.[a-z]\w*"
)


@functools.cache
def said(study: str) -> Verdict:
    verdict: Verdict = importlib.import_module(f"attnlab.experiments.{study}").verdict(reference(study))
    return verdict


def drawn(study: str) -> dict[str, tuple[int, Shown]]:
    """The study's figures, with the cells each draws."""
    text = (CONF / f"{study}.yaml").read_text(encoding="utf-8")
    found: dict[str, tuple[int, Shown]] = {}
    for place, spec in enumerate(yaml.safe_load(text)["experiment"].get("figures", []), 1):
        figure = build(spec).fitted(reference(study))
        try:
            rows = figure.kept(reference(study))
        except NotDrawable:
            continue
        cells = frozenset(rows.loc[rows["value"].notna(), "key"])
        found[figure.name] = (place, Shown(figure.name, figure.heading, metrics=figure.metrics, cells=cells))
    return found


@pytest.mark.parametrize("study", STUDIES)
def test_the_claim_is_one_sentence_whose_number_a_figure_shows(study: str) -> None:
    found = findings(said(study), drawn(study))
    assert found.claim is not None and found.claim.place is not None
    metrics = drawn(study)[found.claim.figure][1].metrics
    (claim, *_) = importlib.import_module(f"attnlab.experiments.{study}").CLAIMS
    measured = getattr(claim, "metric", "")  # a remark tells several
    assert any(metric.startswith(measured) for metric in metrics), (measured, metrics)  # or half a bracket
    assert len(re.findall(r"\.(?: |$)", found.claim.sentence)) == 1, found.claim.sentence


@pytest.mark.parametrize("study", STUDIES)
def test_at_most_five_sentences_follow_each_with_condition_trials_and_interval(study: str) -> None:
    found = findings(said(study), drawn(study))
    assert found.claim is not None and len(found.others) <= SENTENCES == 5
    assert len(said(study).sentences) > 3
    for one in (found.claim, *found.others):
        assert re.search(r"[\d,]+ (?:trials|rows)|\(\d+ cells\)|^Of [\d,]+ rows", one.sentence), one.sentence
        assert INTERVAL.search(one.sentence) or ELSEWHERE.search(one.sentence), one.sentence
        if one.told.trials:  # a claim's: a remark says its own
            assert one.told.condition, one.sentence
            assert all(word in one.sentence or word in found.common for word in one.told.condition)


@pytest.mark.parametrize("study", STUDIES)
def test_numbers_of_more_than_two_levels_are_a_table(study: str) -> None:
    found = findings(said(study), drawn(study))
    for one in (found.claim, *found.others):
        assert one is not None
        assert len(INTERVAL.findall(one.told.words)) <= 4, (
            one.told.words
        )  # two numbers, a bracket's ends each
        assert ("more between" not in one.sentence) or one.table
    for table in found.tables:
        assert len(table.lines) >= 2 or not table.facts
        assert len({len(table.heads), *map(len, table.lines)}) == 1
        for line in table.lines:
            assert line[0] and re.fullmatch(r"[\d,]+", line[-1])
            assert not table.facts or INTERVAL.search(line[1])  # a remark's table has none
        assert all(any(note[0] in cell for line in table.lines for cell in line) for note in table.notes)
    told = {id(one) for table in found.tables for one in table.of} | {id(one.told) for one in found.more}
    assert told >= {id(piece) for piece in said(study).pieces[1 + SENTENCES :]}


@pytest.mark.parametrize("study", STUDIES)
def test_findings_over_the_same_levels_share_a_table(study: str) -> None:
    tables = findings(said(study), drawn(study)).tables
    alike = [
        (one.of[0].levels.over, one.of[0].condition, tuple(line[0] for line in one.lines))
        for one in tables
        if one.of[0].levels is not None and one.of[0].levels.over and len(one.heads) < 2 + MOST
    ]
    assert len(set(alike)) == len(alike)
    for one in tables:
        if len(one.of) > 1:
            assert one.title.startswith("By ") and len(one.heads) <= 2 + MOST
            for told in one.of:
                assert told.levels is not None
                own = {line[0]: line[1] for line in told.levels.lines}
                place = next(at for at, head in enumerate(one.heads) if head.startswith(told.levels.lead))
                assert {line[0]: line[place].rstrip("*†‡§¶ \N{NO-BREAK SPACE}") for line in one.lines} == own


def levels(lead: str, *numbers: str, over: str = "d", notes: tuple[str, ...] = ()) -> Levels:
    lines = tuple((f"d = {2 + place}", number, "200") for place, number in enumerate(numbers))
    return Levels(lead, ("setting", "value", "trials"), lines, over, notes)


def test_a_shared_table_says_once_what_holds_for_all_and_marks_what_is_no_measurement() -> None:
    ones = levels("One is", "1", "2", notes=("by theorem", ""))
    one = Told("a", ("soft", "n = 8"), "200 trials each", levels=ones)
    two = Told("b", ("soft",), "200 trials each", ("of 4 starts",), levels=levels("Two is", "3", "4"))
    apart = Told("c", ("hard",), "200 trials each", levels=levels("Three is", "5", "6"))
    other = Told("d", ("soft",), "200 trials each", levels=levels("Four is", "7", "8", over="e"))
    tables = level_tables([(one, "f", 2), (two, "g", None), (apart, "", None), (other, "", None)])
    assert [table.of for table in tables] == [(one, two), (apart,), (other,)]
    assert tables[0].facts == "soft, n = 8; 200 trials each"
    assert tables[0].heads == ("setting", "One is", "Two is (of 4 starts)", "trials")
    assert tables[0].lines == (("d = 2", "1\N{NO-BREAK SPACE}*", "3", "200"), ("d = 3", "2", "4", "200"))
    assert tables[0].notes == ("* by theorem",) and tables[0].figures == (("f", 2),)
    assert tables[1].title == "Three is" and tables[1].facts == "hard; 200 trials each"


@pytest.mark.parametrize("study", STUDIES)
def test_no_raw_name_reaches_a_sentence_or_a_table(study: str) -> None:
    verdict = said(study)
    words = [*verdict.sentences, *verdict.limits]
    words += [part for answer in verdict.answers for part in (answer.text, answer.counts, answer.condition)]
    for piece in verdict.pieces:
        if piece.levels is not None:
            words += [
                piece.levels.lead,
                *piece.levels.heads,
                *(cell for line in piece.levels.lines for cell in line),
            ]
    assert [word for word in words if RAW.search(re.sub(r"`[^`]*`|\w+\.npz", "", word))] == []


def told(*condition: str) -> Told:
    return Told("It is in 1 % [0, 2]", condition, "200 trials")


def test_a_condition_that_all_sentences_have_is_said_once() -> None:
    assert shared([told("soft", "n = 4"), told("soft", "n = 8"), Told("A remark.")]) == ("soft",)
    assert shared([told("soft"), Told("A remark.")]) == () == shared([])
    verdict = Verdict(
        ("a", "b", "c"),
        told=(told("hard"), told("soft", "n = 4"), told("soft", "n = 8")),
        figures=("", "", ""),
    )
    found = findings(verdict, {})
    assert found.claim is not None and found.claim.sentence.endswith("(hard; 200 trials).")
    assert found.common == ("soft",)
    assert [one.sentence for one in found.others] == [
        "It is in 1 % [0, 2] (n = 4; 200 trials).",
        "It is in 1 % [0, 2] (n = 8; 200 trials).",
    ]


def test_what_stands_beside_a_number_is_a_column_of_its_table() -> None:
    table = pd.DataFrame(
        [
            {"key": f"{d}", "status": "done", "d": d, "metric": metric, "kind": "rate", "value": value,
             "low": value - 0.05, "high": value + 0.05, "count": 400, "effective": 400.0}
            for d, value in ((2, 0.5), (4, 0.25), (8, 0.125))
            for metric, value in (("top1", value), ("law", value + 0.01))
        ]
    )  # fmt: skip
    found = Claim(metric="top1", says="it is right", over="d", beside={"law": "exact law {}"}).found(table)
    assert found is not None and found.told.levels == Levels(
        "It is right",
        ("setting", "share of trials", "exact law", "trials"),
        (
            ("d = 2", "50.0 % [45.0, 55.0]", "51.0 % [46.0, 56.0]", "400"),
            ("d = 4", "25.0 % [20.0, 30.0]", "26.0 % [21.0, 31.0]", "400"),
            ("d = 8", "12.5 % [7.5, 17.5]", "13.5 % [8.5, 18.5]", "400"),
        ),
        "d",
    )
    assert "exact law" not in found.sentence and "(1 more between)" in found.sentence


IN_BRACKETS = re.compile(r" ?\([^()]*\)")


def spoken_words(text: str) -> int:
    """The words of a sentence, numbers and signs not counted."""
    return sum(bool(re.search("[A-Za-z]", word)) for word in text.split())


@pytest.mark.parametrize("study", STUDIES)
def test_a_sentence_can_be_read_in_one_breath(study: str) -> None:
    """At most 40 words outside brackets, where the conditions and trials stand smaller, and 60 with them."""
    verdict = said(study)
    sentences = [*verdict.sentences, *re.split(r"(?<=\.) (?=[A-Z])", verdict.opening)]
    assert sentences
    for sentence in sentences:
        assert spoken_words(sentence) <= 60, sentence
        for one in re.split(r"(?<=\.) (?=[A-Z])", IN_BRACKETS.sub("", IN_BRACKETS.sub("", sentence))):
            assert spoken_words(one) <= 40, one


@pytest.mark.parametrize("study", STUDIES)
def test_a_sentence_does_not_give_the_same_number_twice_as_if_it_differed(study: str) -> None:
    for told in said(study).pieces:
        numbers = re.findall(
            r"(-?[\d.]+ %? ?\[[^\]]*\]) (?:of trials |bits )?(?:for|at|with|in) ", told.words
        )
        assert len(numbers) < 2 or len(set(numbers)) > 1, told.words


@pytest.mark.parametrize("study", STUDIES)
def test_no_condition_is_a_name_and_a_value(study: str) -> None:
    """`effective 1.5` and `removal rest` are words of the code: a setting of several letters has a phrase."""
    plain = {"temperature", "support", "width", "noise"}  # with their values, words of the field
    for column in settings_of(reference(study)):
        leaf = column.rpartition(".")[2].replace("_", " ")
        for value in reference(study)[column].dropna().unique():
            raw = {f"{leaf} {value}", f"{leaf} = {value}"}
            if isinstance(value, float):
                raw |= {f"{leaf} {value:g}", f"{leaf} = {value:g}"}
            if leaf in plain or len(leaf) == 1:
                continue
            for told in said(study).pieces:
                conditions = [*told.condition, *told.own, *(told.levels.column(0) if told.levels else ())]
                assert not raw & {part for words in conditions for part in words.split(", ")}, (column, value)
