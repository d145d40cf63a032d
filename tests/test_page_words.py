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
from attnlab.report.pooling import NotDrawable
from attnlab.report.shown import Shown
from attnlab.report.specs import build
from attnlab.verdicts import Claim, Levels, Told, Verdict, shared

CONF = Path(__file__).parents[1] / "conf" / "experiment"
INTERVAL = re.compile(r"\[-?[\d.e-]+, -?[\d.e-]+\]|\(no interval\)")
ELSEWHERE = re.compile(r"by theorem|95 % interval|decline, and say why|, at most \d|estimate")
"""What stands for an interval: a theorem, a comparison of intervals, a reason, or an estimate that says so."""
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
    assert any(metric.startswith(claim.metric) for metric in metrics), (
        claim.metric,
        metrics,
    )  # or half a bracket
    assert len(re.findall(r"\.(?: |$)", found.claim.sentence)) == 1, found.claim.sentence


@pytest.mark.parametrize("study", STUDIES)
def test_at_most_five_sentences_follow_each_with_condition_trials_and_interval(study: str) -> None:
    found = findings(said(study), drawn(study))
    assert found.claim is not None and len(found.others) <= SENTENCES == 5
    assert len(said(study).sentences) > 3
    for one in (found.claim, *found.others):
        assert re.search(r"[\d,]+ trials|\(\d+ cells\)", one.sentence), one.sentence
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
        assert ("more between" not in one.sentence) or one in found.levels
    for one in found.levels:
        levels = one.told.levels
        assert levels is not None and len(levels.lines) >= 2
        assert levels.heads[0] == "setting" and levels.heads[-1] == "trials"
        assert len({len(levels.heads), *map(len, levels.lines)}) == 1
        for line in levels.lines:
            assert INTERVAL.search(line[1]) and line[0] and re.fullmatch(r"[\d,]+", line[-1])
    told = [*found.others, *found.levels, *found.more]
    assert {one.sentence for one in told} | {found.claim.sentence if found.claim else ""} >= {
        piece.sentence() for piece in said(study).pieces[1 + SENTENCES :]
    }


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
    assert [word for word in words if RAW.search(re.sub(r"`[^`]*`", "", word))] == []


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
    )
    assert "exact law" not in found.sentence and "(1 more between)" in found.sentence
