"""An audit of what files of heads may hold: lengths that differ, words that come again, numbers that are none."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from conftest import Lab
from test_audit import heads, of

from attnlab import audit
from attnlab.inputs.heads import Heads

rng = np.random.default_rng


def arrays(lead: tuple[int, ...], n: int, d: int = 3) -> dict[str, Any]:
    draw = rng(0).standard_normal
    return {name: draw((*lead, n, 4 if name != "values" else d)) for name in ("queries", "keys", "values")}


@pytest.mark.parametrize("kind", ["pad", "keep", "additive"])
def test_texts_of_different_lengths_are_audited_as_each_alone(kind: Any) -> None:
    """A batch of 9, 5 and 1 words, NaN behind them, whatever way the mask says so."""
    found, lengths = arrays((3, 2), 9), np.array([9, 5, 1])
    for text, length in enumerate(lengths):
        for array in found.values():
            array[text, :, length:] = np.nan
    real = np.arange(9) < lengths[:, None]
    if kind == "pad":
        mask: Any = ~real
    else:
        both = real[:, None, :, None] & real[:, None, None, :]
        mask = both if kind == "keep" else np.where(both, 0.0, -np.inf)
    padded = Heads(**found, mask=mask, mask_kind=kind)
    for text, length in enumerate(lengths):
        alone = Heads(**{name: array[text, :, :length] for name, array in found.items()})
        one, other = padded.head(text, 1), alone.head(0, 1)
        np.testing.assert_array_equal(one.rows, np.arange(length))
        np.testing.assert_allclose(one.weights[:, :length], other.weights, rtol=0, atol=0)
        ours, theirs = audit.audited(one, 99, 2), audit.audited(other, 99, 2)
        for name, values in ours.items():  # to the last digit, searches included
            np.testing.assert_array_equal(values, theirs[name], err_msg=name)


@pytest.mark.parametrize("kind", [np.float64, np.float16])
def test_seven_words_in_99_positions_leave_92_directions(kind: Any) -> None:
    words = np.concatenate([np.arange(7), rng(1).integers(7, size=92)])
    values = rng(2).standard_normal((1, 2, 7, 32))[:, :, words].astype(kind)
    row = of(heads(99, 32, values=values), decoded=3, searched=1)
    assert (row["distinct"] == 7).all() and (row["null_dimension"] == 99 - 7).all()
    assert row["shared_value"].all() and row["could_vanish"].all()


def test_numbers_that_are_none_are_told_once_with_their_row(lab: Lab) -> None:
    found = arrays((2, 3), 5)
    found["queries"][..., 3, :] = np.nan
    path = lab.folder / "mine.npz"
    np.savez(path, **found)
    assert lab("experiment=audit", f"inputs.path={path}", "exec=serial").code == 1
    page = (lab.results / "audit" / "report.md").read_text()
    told = "failed**, 6 cells: ValueError: mine.npz: expected finite queries, got NaN or infinity at row 3"
    assert page.count(told) == 1
    one = lab(
        "experiment=audit",
        "study=two",
        f"inputs.path={path}",
        "inputs.layer=0",
        "inputs.head=null",
        "exec=serial",
    )
    assert one.code == 1
    (record,) = (json.loads(p.read_text()) for p in (lab.results / "two" / "cells").glob("*/*.json"))
    assert "mine.npz, layer 0, head 0: expected finite queries" in record["error"], "which head, of several"


def test_weights_that_are_not_their_queries_are_refused_in_a_sentence(lab: Lab) -> None:
    found = arrays((1, 1), 5)
    path = lab.folder / "mine.npz"
    np.savez(path, **found, weights=np.full((1, 1, 5, 5), 0.2))
    answer = lab("experiment=audit", f"inputs.path={path}", "exec=serial")
    assert answer.code == 1
    assert "mine.npz: expected weights that are the softmax of scale q.k" in answer.err
    assert "(another scale, mask or head?)" in answer.err
