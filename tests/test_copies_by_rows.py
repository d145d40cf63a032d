"""What counts as rounding in values of a smaller float type rests on what a row of weights sees, on that alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from attnlab.arrays import EPS
from attnlab.audit import audited
from attnlab.identifiability import fibre_intervals, is_unique, top_certified
from attnlab.inputs.head import Head
from attnlab.shapes import Array, Mask
from attnlab.solvers import copies
from attnlab.solvers.copies import _components, merged, without_copies

KINDS = {"float16": np.float16, "float32": np.float32}
ASKED: tuple[Callable[[Array, Array, Mask | None], Mask], ...] = (
    lambda *given: is_unique(*given).unique,
    lambda *given: is_unique(*given).undecided,
    lambda *given: top_certified(*given).certified,
    lambda *given: top_certified(*given).refuted,
)


def masks(n: int, rows: int, rng: np.random.Generator) -> dict[str, Mask]:
    """Rows (rows, n) that see other positions: causal, in windows, scattered."""
    ends = np.sort(rng.choice(np.arange(n // 3, n), rows, replace=False))[:, None]
    places = np.arange(n)
    scattered = rng.random((rows, n)) < 0.6
    scattered[:, 0] = True
    return {
        "causal": places <= ends,
        "window": (places <= ends) & (places > ends - n // 3),
        "scattered": scattered,
    }


def near_copies(kind: Any, n: int, d: int, rng: np.random.Generator) -> Array:
    """Few distinct rows, computed in two ways: some roundings apart; a late one is far larger than the others."""
    rows = rng.standard_normal((n // 3, d))[rng.integers(n // 3, size=n)]
    steps = rng.integers(-3, 4, size=(n, d)) * EPS[np.dtype(kind).name]
    rows *= np.where(np.arange(n) % (n // 2) == n // 2 - 1, 20.0, 1.0)[:, None]
    return np.asarray((rows + steps).astype(kind))


def sharp(mask: Mask, rng: np.random.Generator) -> Array:
    scores = np.where(mask, rng.standard_normal(mask.shape) / 0.2, -np.inf)
    a = np.exp(scores - scores.max(axis=1, keepdims=True))
    a[:2] = np.where(a[:2] > 0.3, a[:2], 0.0)  # sparse, so that some are unique
    return np.asarray(a / a.sum(axis=1, keepdims=True))


@pytest.mark.parametrize("kind", KINDS)
def test_trials_of_shared_values_have_those_of_their_own(kind: str) -> None:
    rng = np.random.default_rng(3)
    differ = 0
    for _ in range(20):
        values = near_copies(KINDS[kind], 24, 2, rng).astype(float)
        for mask in masks(24, 6, rng).values():
            found = np.full((6, 24, 2), np.nan)
            for rows, v in without_copies(values[None], EPS[kind], mask):
                found[rows] = v
            own = merged(np.repeat(values[None], 6, axis=0), EPS[kind], mask)
            for i, seen in enumerate(mask):
                alone = merged(values[None, seen], EPS[kind])[0]
                np.testing.assert_array_equal(found[i, seen], alone)
                np.testing.assert_array_equal(own[i, seen], alone)
                differ += int((merged(values[None], EPS[kind])[0, seen] != alone).any())
    assert differ > 20, "what other rows see would have changed many"


def test_what_is_masked_makes_no_two_rows_one() -> None:
    """Two rows on either side of 0, and masked ones: once these were zeros between them."""
    step = 3 * EPS["float16"]
    values = np.array([[0.0, 0.0], [step, 0.0], [-step, 0.0], [1.0, 1.0]])
    seen = np.array([[False, True, True, True]])
    np.testing.assert_array_equal(merged(values[None], EPS["float16"], seen)[0], values)
    assert (merged(values[None], EPS["float16"])[0, :3] == 0.0).all()


def test_neighbours_with_the_same_copies_stay_together() -> None:
    """A causal head whose copies come in pairs is worked in few pieces, not a row at a time."""
    rng = np.random.default_rng(4)
    values = np.repeat(rng.standard_normal((50, 8)), 2, axis=0)
    values[1::2, 0] += EPS["float16"] / 2
    causal = np.tril(np.ones((100, 100), dtype=bool))
    pieces = [rows for rows, _ in without_copies(values[None], EPS["float16"], causal)]
    assert len(pieces) < 10
    together = np.concatenate([np.arange(100)[rows] for rows in pieces])
    np.testing.assert_array_equal(together, np.arange(100))


def test_rows_that_see_ever_more_join_what_is_new_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beside a first row that dwarfs them all others are one: the pairs are n^2, and are gone through once."""
    rng = np.random.default_rng(5)
    values = rng.standard_normal((60, 8))
    values[0] = 6e4
    counted: list[int] = []

    def counting(near: Any, seen: Mask) -> Any:
        counted.append(int(seen.sum()))
        return _components(near, seen)

    monkeypatch.setattr(copies, "_components", counting)
    causal = np.tril(np.ones((60, 60), dtype=bool))
    ((_, found),) = without_copies(values[None], EPS["float16"], causal)
    np.testing.assert_array_equal(found[0, 1:], np.broadcast_to(values[1], (59, 8)))
    assert counted == [1]


@pytest.mark.parametrize("n", [24, 140])
@pytest.mark.parametrize("kind", KINDS)
def test_verdicts_are_those_of_the_rows_one_by_one(kind: str, n: int) -> None:
    rng = np.random.default_rng(n)
    for d in (1, 3):
        values = near_copies(KINDS[kind], n, d, rng)
        for name, mask in masks(n, 5, rng).items():
            a = sharp(mask, rng)
            told = f"{name} {d}"
            for ask in ASKED:
                whole, copied = ask(a, values, mask), ask(a, np.repeat(values[None], 5, axis=0), mask)
                alone = [bool(ask(w[seen], values[seen], None)) for w, seen in zip(a, mask, strict=True)]
                assert whole.tolist() == copied.tolist() == alone, told
            bounds = fibre_intervals(a, values, mask)
            for w, seen, found in zip(a, mask, bounds, strict=True):
                np.testing.assert_allclose(
                    found[seen], fibre_intervals(w[seen], values[seen]), atol=1e-8, err_msg=told
                )


def test_an_audit_counts_the_values_that_a_row_sees() -> None:
    """Two copies beside a late row so large that all is rounding beside it: only who sees it has one value."""
    values = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, EPS["float16"]], [4000.0, 4000.0]])
    causal = np.tril(np.ones((4, 4), dtype=bool))
    weights = causal / causal.sum(axis=1, keepdims=True)
    head = Head(0, 0, 0, np.arange(4), weights, values, causal, None, None, "float16", None, 1.0)
    assert audited(head, 0, 0)["distinct"].tolist() == [1.0, 2.0, 2.0, 2.0]
