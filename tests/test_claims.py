"""Verdicts, captions and limits speak of what is in the rows, whatever it is called, and of nothing else."""

from __future__ import annotations

import functools
import importlib
import re
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pandas as pd
import pytest
import yaml
from members import CONF
from told import OF_CELLS as STUDIES
from told import reference

from attnlab.report.pooling import NotDrawable
from attnlab.report.specs import build
from attnlab.tidy import settings_of
from attnlab.verdicts import Verdict
from attnlab.verdicts.settings import closed_choices

TERMS = {"simplex", "softmax", "softmax weights"}
"""Names of parts that are also terms of the field: the set of all weights, and the map that makes them."""

OWN_SWITCHES = closed_choices()
"""Closed choices (a Literal) whose levels have words of their own: nobody can name another level of them."""


def module(study: str) -> ModuleType:
    return importlib.import_module(f"attnlab.experiments.{study}")


def renaming(table: pd.DataFrame) -> dict[str, dict[str, str]]:
    """For every setting, and for what its part says, a new name for each word, in the same order."""
    columns = [*settings_of(table), *(column for column in table if str(column).endswith(":says"))]
    found: dict[str, dict[str, str]] = {}
    for number, column in enumerate(map(str, columns)):
        words = sorted({value for value in table[column].dropna() if isinstance(value, str)})
        if column not in OWN_SWITCHES:
            found[column] = {word: f"Q{number:02d}x{place:02d}" for place, word in enumerate(words)}
    return {column: words for column, words in found.items() if words}


def renamed(table: pd.DataFrame) -> pd.DataFrame:
    new = table.copy()
    for column, words in renaming(table).items():
        new[column] = new[column].map(lambda value, words=words: words.get(value, value))
    return new


@functools.cache
def said(study: str, new_names: bool) -> Verdict:
    table = reference(study)
    verdict: Verdict = module(study).verdict(renamed(table) if new_names else table)
    return verdict


def words_of(verdict: Verdict) -> list[str]:
    told = [part for answer in verdict.answers for part in (answer.text, answer.counts, answer.condition)]
    return [*verdict.sentences, *told, *verdict.limits]


def figures_of(study: str, table: pd.DataFrame) -> dict[str, str]:
    """The caption and the words for the eye of every figure that can be drawn, by its name."""
    specs: list[dict[str, Any]] = yaml.safe_load((CONF / "experiment" / f"{study}.yaml").read_text())[
        "experiment"
    ]["figures"]
    drawn = {}
    for spec in specs:
        figure = build(spec).fitted(table)
        try:
            drawn[figure.name] = f"{figure.caption(table)} {figure.alt(table)}"
        except NotDrawable:
            continue
    return drawn


def names(table: pd.DataFrame) -> set[str]:
    """The names that may not be spoken once they are gone, terms of the field and of figures' axes apart."""
    words = {word for column, told in renaming(table).items() if "." not in column for word in told}
    return {word for word in words if word not in TERMS and (len(word.split("_")) > 1 or " " in word)} | {
        "Gaussian",
        "gaussian",
    }


@pytest.mark.parametrize("study", STUDIES)
def test_renaming_every_level_renames_the_verdict_and_changes_nothing_else(study: str) -> None:
    before, after = said(study, False), said(study, True)
    back = {new: old for told in renaming(reference(study)).values() for old, new in told.items()}
    pattern = re.compile("|".join(map(re.escape, back)))

    def old(text: str) -> str:
        text = pattern.sub(lambda found: back[found[0]], text)
        return text[:1].upper() + text[1:]

    assert len(after.sentences) == len(before.sentences) >= 3
    assert [old(sentence) for sentence in after.sentences] == [old(sentence) for sentence in before.sentences]
    for mine, its in zip(after.answers, before.answers, strict=True):
        assert old(mine.condition) == old(its.condition) and repr(mine.interval) == repr(its.interval)
        assert old(mine.counts) == old(its.counts)
    assert after.limits == before.limits and after.figures == before.figures


@pytest.mark.parametrize("study", STUDIES)
def test_no_word_names_what_is_not_in_the_rows(study: str) -> None:
    table = reference(study)
    spoken = [*words_of(said(study, True)), *figures_of(study, renamed(table)).values()]
    for text in spoken:
        for name in names(table):
            assert not re.search(rf"\b{re.escape(name)}\b", text), f"{name!r} is gone, and yet: {text}"


@pytest.mark.parametrize("study", STUDIES)
def test_figures_stand_whatever_the_levels_are_called(study: str) -> None:
    table = reference(study)
    assert figures_of(study, renamed(table)).keys() == figures_of(study, table).keys()


@pytest.mark.parametrize("study", STUDIES)
def test_a_sentence_tells_its_trials_its_interval_and_its_figure(study: str) -> None:
    verdict = said(study, False)
    for sentence in verdict.sentences:
        assert re.search(r"[\d,]+ (?:trials|rows)|\(\d+ cells\)|^Of [\d,]+ rows", sentence), sentence
        assert re.search(
            r"\[-?[\d.e-]+, -?[\d.e-]+\]|interval|decline|, at most \d|^Of [\d,]+ rows", sentence
        ), sentence
        assert "nan" not in sentence and "None" not in sentence and "{" not in sentence
    specs = yaml.safe_load((CONF / "experiment" / f"{study}.yaml").read_text())["experiment"]["figures"]
    assert set(verdict.figures) <= {"", *(spec["name"] for spec in specs)}


@pytest.mark.parametrize("study", STUDIES)
def test_without_what_parts_declare_the_names_themselves_are_used(study: str) -> None:
    table = reference(study)
    bare = table[[column for column in table if ":" not in str(column)]]
    for sentence in module(study).verdict(bare).sentences:
        assert "nan" not in sentence and "None" not in sentence
    assert module(study).verdict(bare).sentences


@pytest.mark.parametrize("study", STUDIES)
def test_a_headline_is_one_cell_and_an_average_has_no_interval(study: str) -> None:
    """An answer's interval is that of cells at one condition: its trials are those of cells in the table."""
    table = reference(study)
    counts = set(table["count"].dropna().astype(int))
    for answer in said(study, False).answers:
        assert answer.interval.count in counts


def small(study: str, *words: str) -> tuple[str, ...]:
    return (f"experiment={study}", *words, "repeats=2", "exec=serial")


CASES = {
    "inputs": small("collision", "inputs=duplicated", "inputs.n=20", "inputs.d=4", "trials=10",
                    "collision=radon,reachable,null_step"),
    "decoder": small("probing", "decoder=max_entropy", "inputs.n=6", "inputs.d=4", "samples=40", "trials=20",
                     "probe=output_ridge"),
    "own": small("fibre", "inputs=mine", "weights=softmax", "inputs.n=12", "inputs.d=4", "trials=20",
                 "weights.temperature=0.1,1.0"),
}  # fmt: skip
GONE = {
    "inputs": ["Gaussian", "farthest weights", "on few positions"],
    "decoder": ["simplex least", "pointer", "linear reader"],
    "own": ["Gaussian", "sparsemax"],
}
"""What the command did not run, and the page may not name."""
OWN = """
from dataclasses import dataclass
import numpy as np
from attnlab.inputs.base import Inputs
from attnlab.shapes import Sample

@dataclass(frozen=True)
class Mine(Inputs):
    def __call__(self, trials, rng):
        drawn = np.random.default_rng(0).random((trials, self.n, self.d))
        return Sample(rng.random((trials, self.e)), rng.random((trials, self.n, self.e)), drawn)
"""


@pytest.mark.parametrize("case", CASES)
def test_other_parts_from_the_command_line_speak_for_themselves(
    case: str, command: Callable[..., Any], tmp_path: Path
) -> None:
    (tmp_path / "mine" / "inputs").mkdir(parents=True)
    (tmp_path / "mine" / "my_own_inputs.py").write_text(OWN)
    (tmp_path / "mine" / "inputs" / "mine.yaml").write_text(
        "_target_: my_own_inputs.Mine\nn: 12\nd: 4\ne: 4\n"
    )
    answer = command(f"--config-dir={tmp_path / 'mine'}", f"results={tmp_path / 'results'}", *CASES[case])
    assert answer.code == 0, answer.err
    (page,) = (tmp_path / "results").glob("*/report.md")
    told = page.read_text()
    words = told.split("## How it was done")[0] + told.split("## Limits")[1].split("## ")[0]
    for name in GONE[case]:
        assert name not in words, f"{name}: {words}"
    assert "No verdict" not in words
    # The one axis that none of these weights has: a figure of maps of one entropy has nothing to show of them.
    assert set(re.findall(r"Not drawn: the table has no setting (\S+)\.", words)) <= {"weights.effective"}
    own = {
        "inputs": "values that occur repeatedly",
        "own": "mine, softmax",
        "decoder": "maximum entropy, knowing",
    }
    assert own[case] in words
