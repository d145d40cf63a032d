"""A row is labelled by what it holds: its own settings, its parts' words, n against d + 1; whatever is changed."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd
import pytest
import yaml
from members import CONF

from attnlab.harness.command import ask
from attnlab.report.figures.table import Table
from attnlab.report.specs import build
from attnlab.tidy import complete, settings_of
from attnlab.verdicts.settings import valued
from attnlab.verdicts.situation import SITUATION, distinct, situations

SPEC: dict[str, Any] = yaml.safe_load((CONF / "experiment" / "four_questions.yaml").read_text())["experiment"]
FIGURE = build(SPEC["figures"][0])
CHANGES: dict[str, tuple[str, ...]] = {
    "shipped": (),
    "support": ("weights=uniform_support", "weights.support=2,4"),
    "noise": ("inputs=tied", "inputs.noise=0,0.5"),
    "size": ("inputs.n=24",),
    "sizes": ("inputs.n=7,24",),
    "sphere": ("inputs=sphere",),
    "hard": ("weights=hard",),
    "channel": ("channel=noise", "channel.sigma=0.1,0.5"),
    "probes": ("probe=pointer,output_ridge", "inputs=tokens", "samples=100,200"),
    "wide": ("inputs.d=16", "weights.temperature=0.1,1,3"),
    "words": ("asks=weights,words", "values=given"),
}


def made(*words: str) -> pd.DataFrame:
    """The table of four_questions that a command would make, every number 1/2."""
    (plan,) = ask(("experiment=four_questions", *words)).plans()
    lines = []
    for cell in plan.cells:
        row = {**cell.settings(), **cell.facts(), "key": cell.key, "status": "done", "kind": "rate"}
        names = ["q1", "q2", "q3_kept", "q3_lost"]
        names += ["q2_top", "q4", "chance"] if row["asks"] == "weights" else []
        lines += [
            {**row, "metric": name, "value": 0.5, "low": 0.4, "high": 0.6, "count": 200, "effective": 200.0}
            for name in names
        ]
    return complete(pd.DataFrame(lines))


def renamed(table: pd.DataFrame) -> pd.DataFrame:
    """The table with a new name for every word in a setting or in what a part says."""
    new = table.copy()
    columns = [*settings_of(table), *(str(column) for column in table if str(column).endswith(":says"))]
    for number, column in enumerate(columns):
        words = sorted({value for value in table[column].dropna() if isinstance(value, str)})
        names = {word: f"Q{number:02d}x{place:02d}" for place, word in enumerate(words)}
        if names:
            new[column] = new[column].map(lambda value, names=names: names.get(value, value))
    return new


def holdable(row: Mapping[Hashable, Any], table: pd.DataFrame) -> set[str]:
    """All that may be said of a row: what its parts say, its settings, n <= d + 1, in the figure's words."""
    said = {str(row[column]) for column in table.columns if str(column).endswith(":says")}
    said |= {valued(column, row[column]) for column in settings_of(table) if not pd.isna(row[column])}
    said |= {"at most d + 1 positions"} if row["inputs.n"] <= row["inputs.d"] + 1 else set()
    framed = FIGURE.framed if isinstance(FIGURE, Table) else {}
    said |= {words.format(row[f"{part}:says"]) for part, words in framed.items() if f"{part}:says" in row}
    return {FIGURE.labels.get(word, word) for word in said}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("other_names", [False, True])
def test_no_label_states_what_its_row_does_not_hold(change: str, other_names: bool) -> None:
    table = made(*CHANGES[change])
    table = renamed(table) if other_names else table
    rows = FIGURE.kept(table)
    assert set(rows["key"]) == set(distinct(table, FIGURE.silent)["key"])
    for label, cells in rows.groupby(SITUATION, sort=False):
        for row in cells.drop_duplicates("key").to_dict("records"):
            rest, allowed = str(label), sorted(holdable(row, table), key=len, reverse=True)
            while rest:  # ends: each round takes a word at least, or fails
                word = next((word for word in allowed if rest == word or rest.startswith(word + ", ")), None)
                assert word, f"{label!r}: {rest!r} is not in {allowed}"
                rest = rest[len(word) + 2 :]


@pytest.mark.parametrize("change", CHANGES)
def test_cells_that_differ_in_what_matters_have_labels_of_their_own(change: str) -> None:
    table = made(*CHANGES[change])
    rows = FIGURE.kept(table).drop_duplicates("key")
    for label, cells in rows.groupby(SITUATION):
        columns = settings_of(table)
        if (cells["asks"] == "words").all():  # whatever the weights and whoever reads
            columns = [
                column
                for column in columns
                if column.split(".")[0] not in ("weights", "channel", "probe", "samples")
            ]
        for column in columns:
            assert cells[column].nunique(dropna=False) == 1, (label, column)


def test_the_shipped_rows_and_what_is_usual() -> None:
    table = made()
    written = FIGURE.render(FIGURE.kept(table), "", "").markdown.splitlines()
    assert written[0].startswith("| n = 32, d = 8 | Q1 linear |")
    heads = [line.split(" | ")[0][2:] for line in written[2:]]
    assert len(heads) == 12 == len(set(heads))
    assert heads[:2] == ["softmax weights, temperature 1", "softmax weights, temperature 0.1"]
    assert "equal weight on some positions, 2 support" not in heads
    assert "keys tied to the values, softmax weights, temperature 1" in heads
    assert sum("at most d + 1 positions" in head for head in heads) == 1
    assert sum("one of two words" in head for head in heads) == 1
    assert "{" not in FIGURE.alt(table)


def test_what_is_usual_is_what_the_corner_says() -> None:
    for sizes in ((24, 7), (9, 24, 7)):
        table = made(
            f"inputs.n={','.join(map(str, sizes))}",
            "weights=hard",
            "inputs=gaussian",
            "inputs.e=8",
            "asks=weights",
        )
        written = FIGURE.render(FIGURE.kept(table), "", "").markdown.splitlines()
        usual = int(written[0].split(",")[0].removeprefix("| n = "))
        for key, label in situations(table, FIGURE.silent, FIGURE.labels).items():
            n = table.loc[table["key"] == key, "inputs.n"].iloc[0]
            assert (f"n = {n}" in label) == (n != usual)


def test_condition_is_no_setting_any_more() -> None:
    from attnlab.parts import SettingErrors

    with pytest.raises(SettingErrors, match="condition"):
        ask(("experiment=four_questions", "condition=few")).plans()


def test_a_study_of_equal_situations_is_one_row() -> None:
    table = made("weights=hard", "inputs.n=32", "inputs.e=8", "asks=weights", "inputs=gaussian", "trials=40")
    assert list(situations(table).values()) == [
        "independent Gaussian values, all weight on one position, a linear reader of the output"
    ]
    assert situations(table.iloc[:0]) == {}


def test_what_a_silent_part_cannot_change_is_one_cell_and_not_an_average() -> None:
    """The two words are asked of the sum itself, whatever the weights and the channel: one row, one interval."""
    table = made(
        "asks=weights,words", "values=given", "weights=softmax,sparsemax", "channel=exact,noise", "seed=0,1"
    )
    rows = FIGURE.kept(table)
    words = rows[rows["asks"] == "words"]
    assert set(words.groupby([SITUATION, "trials", "seed"])["key"].nunique()) == {1} and len(words) > 1
    weights = rows[(rows["asks"] == "weights") & (rows["inputs"] == "gaussian")]
    assert set(weights["channel"]) == {"exact", "noise"} and set(weights["weights"]) == {
        "softmax",
        "sparsemax",
    }
    marks = FIGURE.marks(FIGURE.kept(made("asks=words", "values=given", "channel=exact,noise,rounding")))
    assert marks and {mark.cells for mark in marks} == {1}
