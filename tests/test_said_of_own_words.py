"""Pages over heads of a file with words: no sentence, title or caption speaks of what these data lack."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from members import exact_examples
from small_tables import table_of

from attnlab.inputs.arrays import Arrays
from attnlab.parts import Declined
from attnlab.probes.base import tokens_of
from attnlab.report.asked import refused
from attnlab.report.figures.base import Figure
from attnlab.report.specs import build
from experiments import asker, four_questions, probing

CONF = Path(__file__).parents[1] / "conf" / "experiment"
STUDIES = sorted(path.stem for path in CONF.glob("*.yaml"))
OF_AN_AXIS = {"sharpness", "length", "kind of inputs", "kind of values", "task", "what arrives"}
WORDS = ["the", "cat", "sat", "on", "the", "mat", "and", "then", "it", "looked", "at", "my", "old", "hat"]


def figures(study: str) -> list[dict[str, Any]]:
    """The figures that a study ships."""
    return list(yaml.safe_load((CONF / f"{study}.yaml").read_text())["experiment"].get("figures", []))


def drawn(study: str, name: str, table: pd.DataFrame) -> Figure:
    """One of them, as the page of this table has it."""
    (spec,) = (spec for spec in figures(study) if spec["name"] == name)
    return build(spec).fitted(table)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Three heads over a sentence in which a word comes twice, with heavy-tailed values."""
    rng = np.random.default_rng(5)
    path = tmp_path_factory.mktemp("heads") / "own.npz"
    queries, keys = rng.standard_normal((2, 3, len(WORDS), 6))
    values = rng.standard_t(2.0, (3, len(WORDS), 6))
    np.savez(path, queries=queries, keys=keys, values=values, tokens=np.array(WORDS))
    return f"inputs.path={path}"


@pytest.fixture(scope="module")
def asked(file: str) -> pd.DataFrame:
    return table_of("experiment=asker", "inputs=arrays", file, "collision.pairs=random", "queries=1")


def test_no_law_is_named_that_is_not_drawn(asked: pd.DataFrame) -> None:
    """The law is for Gaussian values: its rows are there, without a value."""
    assert asked["metric"].eq("exact").any()
    figure = drawn("asker", "possible", asked)
    assert "exact law" not in figure.caption(asked) and figure.references_in(figure.kept(asked)) == []
    gaussian = table_of(
        "experiment=asker", "inputs.n=16", "inputs.d=4", "collision.pairs=random", "queries=1"
    )
    assert "Without bars: exact law." in drawn("asker", "possible", gaussian).caption(gaussian)
    assert not any("draws of" in limit for limit in asker.verdict(asked).limits)


def test_a_map_has_no_key_of_a_law_that_is_not_drawn(file: str) -> None:
    def keys(*words: str) -> set[str]:
        table = table_of("experiment=phase", "weights.support=1,2,3", *words)
        figure: Any = drawn("phase", "gaussian", table)
        return {str(key.get_label()) for key in figure.legend(figure.kept(table))}

    assert keys("inputs=arrays", file) == set(), "one column: no line is drawn"
    laws = {"measured at one half", "exact law at one half", "large-n curve"}
    assert keys("inputs=gaussian", "inputs.n=14", "inputs.d=3,4") == laws


@pytest.mark.parametrize("study", STUDIES)
def test_a_title_that_speaks_of_levels_has_a_plain_form(study: str) -> None:
    """And one that names the levels of an axis says which axis it is: of one level it tells nothing."""
    for spec in figures(study):
        words = re.search(r"\bby ([a-z ]+)$", spec["title"])
        if words and words[1] in OF_AN_AXIS:
            assert spec.get("plain"), spec["title"]
        if re.search("equal width|values named below", spec["title"]):
            assert {"inputs.d", "inputs"} & set(spec["plain"]), spec["title"]
        for title in spec.get("plain", {}).values():
            assert title != spec["title"] and not re.search(r"\bby (kind|length|sharpness)", title)


def one_level(table: pd.DataFrame, column: str) -> pd.DataFrame:
    return table[table[column] == table[column].dropna().iloc[0]]


@pytest.mark.parametrize(
    ("study", "name", "column"),
    [
        ("recovery", "hard", "inputs.n"),
        ("recovery", "tied", "inputs"),
        ("fibre", "maps", "weights.map"),
        ("importance", "kinds", "inputs:says"),
        ("importance", "sharpness", "weights.temperature"),
    ],
)
def test_the_plain_title_stands_over_one_level_alone(study: str, name: str, column: str) -> None:
    (spec,) = (spec for spec in figures(study) if spec["name"] == name)
    path = CONF.parents[1] / "results" / "reference" / study / "results.csv"
    table = pd.read_csv(path, low_memory=False)
    whole = drawn(study, name, table)
    assert whole.title == spec["title"]
    alone = one_level(whole.kept(table), column)
    assert drawn(study, name, alone).heading == spec["plain"][column]


def test_a_plain_title_is_asked_for_by_a_setting_there_is() -> None:
    spec = {"name": "a", "kind": "lines", "x": "inputs.n", "y": "top1", "plain": {"inputs.nn": "T"}}
    (problem,) = refused([spec], {"inputs.n": [4, 8]}, None, "this study", named="")
    assert problem.setting == "plain.inputs.nn" and "did you mean inputs.n?" in str(problem)


def test_words_are_no_token_vectors(file: str) -> None:
    sample = Arrays(path=file.removeprefix("inputs.path="))(4, np.random.default_rng(0))
    told = exact_examples(np.full((4, len(WORDS)), 1 / len(WORDS)), sample)
    with pytest.raises(Declined, match="compares the output with token vectors, and these inputs have none"):
        tokens_of(told)


def test_a_probe_of_recorded_heads_says_that_their_rows_come_again(file: str) -> None:
    for inputs, told in ((("inputs=arrays", file), True), (("inputs.n=8",), False)):
        words = ("probe=output_linear", "samples=90", "weights.temperature=1", "inputs.values=fresh")
        table = table_of("experiment=probing", *inputs, *words[: 3 if told else 4], "target=weight")
        assert any("query rows" in limit for limit in probing.verdict(table).limits) is told


def test_a_number_of_all_situations_is_not_said_of_some(file: str) -> None:
    """Where one sentence counts all situations, its condition is not that of two of them."""
    table = table_of(
        *("experiment=four_questions", "inputs=arrays", file, "samples=20", "asks=weights"),
        *("weights=softmax,uniform_support", "weights.temperature=0.1,1", "weights.support=2"),
    )
    (said,) = (told for told in four_questions.verdict(table).sentences if "(Q1)" in told)
    assert "in each of 3 settings" in said and "softmax weights" not in said, said


def test_heads_of_one_width_are_not_called_equally_wide_together(file: str) -> None:
    """One recorded head has d dimensions and two have 2 d; those of the study's grid share theirs."""
    table = table_of(
        *("experiment=heads", "inputs=arrays", file, "heads=1,2", "decoder=simplex"),
        *("mixing=concatenated", "weights=hard,softmax", "weights.temperature=1"),
    )
    for name in ("width", "spread"):
        assert "equal width" not in drawn("heads", name, table).title
    reference = pd.read_csv(
        CONF.parents[1] / "results" / "reference" / "heads" / "results.csv", low_memory=False
    )
    for name in ("width", "spread"):
        assert "equal width" in drawn("heads", name, reference).title
