"""Tied weights are largest together: one convention for whether the most-attended position is certain."""

from __future__ import annotations

import numpy as np
import pytest

from attnlab.identifiability import fibre, is_unique, top_certified

SQUARE = [[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]


@pytest.mark.parametrize("bound", [8, 128])
@pytest.mark.parametrize("n", [5, 10, 40])
def test_weights_that_are_alone_have_a_certain_top(
    n: int, bound: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fibre, "ONE_ROW", bound)
    rng = np.random.default_rng(n)
    values = rng.standard_normal((200, n, 3))
    for a in ([0.5, 0.5], [0.5 + 1e-13, 0.5 - 1e-13], [0.6, 0.4], [1.0]):
        weights = np.zeros(n)
        weights[: len(a)] = a
        alone = is_unique(weights, values).unique
        assert alone.any() and top_certified(weights, values).certified[alone].all()


def test_a_tie_is_certain_only_where_it_holds_throughout() -> None:
    """Weights that only axes of their own fix, beside a square that is free; a tie on the square itself breaks."""
    values = np.zeros((6, 4))
    values[0, 2] = values[1, 3] = 1.0
    values[2:, :2] = SQUARE
    for lead in (0.0, 1e-12):
        found = top_certified([0.3 + lead, 0.3 - lead, 0.1, 0.1, 0.1, 0.1], values)
        assert found.certified and not found.undecided
    assert top_certified([0.2, 0.2, 0.15, 0.15, 0.15, 0.15], values).refuted, "the square can lead them"
    assert top_certified([0.3, 0.1, 0.3, 0.1, 0.1, 0.1], values).refuted, "one moves, the other does not"
    assert top_certified([0.25] * 4, SQUARE).refuted and top_certified([0.4, 0.1, 0.1, 0.4], SQUARE).refuted
    assert top_certified([0.5, 0.5], np.zeros((2, 1))).refuted, "copies"
