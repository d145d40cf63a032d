"""The audit of heads: what each row's numbers are, on heads whose answers are known."""

from __future__ import annotations

import csv
import json
from typing import Any

import numpy as np
import pytest
from conftest import Lab
from members import heads_file

from attnlab import audit
from attnlab.inputs.heads import Heads
from attnlab.oracles.programmes import intervals_by_programmes, top_is_forced_exactly
from attnlab.pretrained.minilm import INSTALL
from attnlab.shapes import Array

rng = np.random.default_rng
Numbers = dict[str, Array]


def heads(n: int, d: int, sharp: float = 1.0, **more: Any) -> Heads:
    draw = rng(0).standard_normal
    arrays = {"queries": sharp * draw((1, 2, n, d)), "keys": draw((1, 2, n, d)), "values": draw((1, 2, n, d))}
    return Heads(**{**arrays, **more})


def of(found: Heads, head: int = 0, decoded: int = 1000, searched: int = 2) -> Numbers:
    rows = audit.audited(found.head(0, head), decoded, searched)
    return {name: np.asarray(values, dtype=np.float64) for name, values in rows.items()}


def test_up_to_d_plus_one_positions_everything_is_certain_and_recovered() -> None:
    row = of(heads(6, 5))
    assert row["certified"].all() and not row["could_vanish"].any()
    assert not row["null_dimension"].any() and (row["distinct"] == 6).all()
    assert row["top_width"].max() < 1e-9 and row["max_entropy_variation"].max() < 1e-6
    assert row["max_entropy_top1"].all() and row["simplex_top1"].all()
    np.testing.assert_allclose(row["effective_correlation"], 1.0)
    assert row["largest_c"].max() <= 0.5 + 1e-9


@pytest.mark.parametrize("sharp", [1.0, 4.0])
def test_certificates_and_intervals_are_those_of_plain_programmes(sharp: float) -> None:
    found = heads(9, 3, sharp)
    head, row = found.head(0, 1), of(found, 1)
    for i, weights in enumerate(head.weights):
        bounds = intervals_by_programmes(weights, head.values)[weights.argmax()]
        assert abs(bounds[1] - bounds[0] - row["top_width"][i]) < 1e-7
        assert (bounds[0] <= 1e-7) == row["could_vanish"][i]
        assert row["certified"][i] == top_is_forced_exactly(weights, head.values)
    assert (row["null_dimension"] == 5).all()


def test_causal_rows_nest_and_the_first_has_one_position() -> None:
    row = of(heads(12, 3, mask_kind="causal"))
    np.testing.assert_array_equal(row["null_dimension"], np.maximum(0, np.arange(1, 13) - 4))
    np.testing.assert_array_equal(row["distinct"], np.arange(1, 13))
    assert (
        row["certified"][:4].all() and np.isnan(row["largest_c"][0]) and np.isnan(row["condition_digits"][0])
    )
    alone = of(heads(12, 3), 0)
    assert alone["top_width"][-1] == pytest.approx(row["top_width"][-1], abs=1e-9)


@pytest.mark.parametrize("kind", [np.float64, np.float32, np.float16])
def test_repeated_words_collide_exactly(kind: Any) -> None:
    """7 distinct words in 30 positions whose values depend on the word alone."""
    words = np.concatenate([np.arange(7), rng(1).integers(7, size=23)])
    table = rng(2).standard_normal((2, 7, 10))
    found = heads(30, 10, values=table[None, :, words].astype(kind))
    row = of(found)
    assert (row["distinct"] == 7).all() and (row["null_dimension"] == 30 - 7).all()
    head = found.head(0, 0)
    repeated = np.bincount(words)[words] > 1
    np.testing.assert_array_equal(row["shared_value"], repeated[head.weights.argmax(axis=1)])
    top = np.argsort(-head.weights, axis=1)[:, :2]
    twins = words[top[:, 0]] == words[top[:, 1]]
    np.testing.assert_array_equal(row["largest_c"] > 1 - 1e-9, twins)
    np.testing.assert_array_equal(
        audit.same_values(head)[:, None] == audit.same_values(head), words[:, None] == words
    )


def test_one_hot_rows_and_one_position() -> None:
    values = rng(0).standard_normal((20, 2))
    row = of(Heads(values=values, weights=np.eye(20)))
    unique = row["certified"] == 1
    assert 3 <= unique.sum() < 20  # the vertices of the hull
    assert (row["could_vanish"][~unique] == 1).all() and row["nearest_value_top1"].all()
    one = of(Heads(values=np.ones((1, 2)), weights=np.ones((1, 1))))
    assert one["certified"] == 1 and one["null_dimension"] == 0 and one["distinct"] == 1


def test_a_padded_text_is_audited_as_the_text_alone() -> None:
    found = heads(10, 3)
    arrays: dict[str, Any] = {name: np.array(getattr(found, name)) for name in ("queries", "keys", "values")}
    for array in arrays.values():
        array[:, :, 7:] = np.nan
    padded = of(Heads(**arrays, mask=np.arange(10) >= 7, mask_kind="pad"))
    short: dict[str, Any] = {name: array[:, :, :7] for name, array in arrays.items()}
    alone = of(Heads(**short))
    for name, values in alone.items():
        np.testing.assert_array_equal(padded[name], values, err_msg=name)


@pytest.mark.parametrize(
    ("word", "special"),
    [("[CLS]", True), ("</s>", True), ("<start_of_turn>", True), ("<|endoftext|>", True), ("<b>", False)],
)
def test_what_stands_for_no_word(word: str, special: bool) -> None:
    assert (audit.SPECIAL.fullmatch(word) is not None) == special


def test_the_dearest_bounds_of_a_head_are_found_once() -> None:
    weights = np.full((9, 9), 0.1) + 0.1 * np.eye(9)
    head = Heads(values=np.random.default_rng(0).standard_normal((9, 2)), weights=weights).head(0, 0)
    audit.audited(head, 2, 1)
    found = audit.top_bounds(head)
    assert audit.top_bounds(head) is found
    assert len(audit.shown(head, 4)["rows"]) == 1


def test_special_tokens_and_other_tops_are_counted() -> None:
    words = ["[CLS]", "I", "love", "sushi", "[SEP]"]
    weights = np.full((5, 5), 0.1) + 0.5 * np.eye(5)
    values = np.eye(5) * [100.0, 1, 1, 1, 1]
    row = of(Heads(values=values, weights=weights, tokens=words))
    np.testing.assert_array_equal(row["special_top"], [1, 0, 0, 0, 1])
    np.testing.assert_array_equal(row["first_top"], [1, 0, 0, 0, 0])
    np.testing.assert_array_equal(row["norm_top1"], [1, 0, 0, 0, 0])  # the first value is the longest by far


def test_decoders_are_asked_of_some_rows_evenly_spread() -> None:
    row = of(heads(9, 3), decoded=3)
    np.testing.assert_array_equal(np.flatnonzero(np.isfinite(row["simplex_top1"])), [0, 4, 8])


def test_the_command_audits_every_head_in_a_cell_of_its_own_and_goes_on(lab: Lab) -> None:
    path = lab.folder / "mine.npz"
    found = heads(6, 2)
    np.savez(path, **{name: getattr(found, name)[0] for name in ("queries", "keys", "values")})
    words = ("experiment=audit", f"inputs.path={path}", "exec=serial")
    lab(*words, "inputs.layer=0", "inputs.head=1")
    assert "1 already there, 1 to run" in lab(*words).err
    page = (lab.results / "audit" / "report.md").read_text()
    assert "Of 12 rows in 2 heads of mine.npz (float64): the output makes" in page
    with (lab.results / "audit" / "results.csv").open() as file:
        cells = {(row["inputs.layer"], row["inputs.head"], row["inputs.n"]) for row in csv.DictReader(file)}
    assert cells == {("0", "0", "6"), ("0", "1", "6")}


def test_without_a_file_the_command_says_what_to_name(lab: Lab) -> None:
    answer = lab("experiment=audit", "exec=serial")
    assert answer.code == 0
    (record,) = (json.loads(path.read_text()) for path in (lab.results / "audit" / "cells").glob("*/*.json"))
    assert record["status"] == "unavailable" and "inputs.path=heads.npz" in record["reason"]
    assert (
        record["reason"].endswith(f"({INSTALL})") and INSTALL in answer.err and "\n" not in record["reason"]
    )


def test_each_of_files_that_differ_is_not_guessed(lab: Lab) -> None:
    other = lab.folder / "other.npz"
    np.savez(other, weights=np.ones((1, 1)), values=np.ones((1, 1)))
    answer = lab("action=plan", "experiment=audit", f"inputs.path={heads_file(11, 3, 3)},{other}")
    assert answer.code == 2 and "one command a file: these have 1 and 3" in " ".join(answer.err.split())
