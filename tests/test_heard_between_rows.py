"""Ctrl-C in a long call of compiled code is heard between two pieces of it, and the pieces change no number."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from attnlab.identifiability import fibre_intervals, top_certified
from attnlab.shapes import Array
from attnlab.solvers import arithmetic, columns, columns_kernels, tableau, tableau_kernels

RNG = np.random.default_rng(8)
PLACES: tuple[tuple[Any, str, int, Any], ...] = (
    (tableau_kernels, "top_forced", 20, top_certified),
    (tableau_kernels, "fibre_bounds", 20, fibre_intervals),
    (columns_kernels, "top_forced", 130, top_certified),
    (columns_kernels, "fibre_bounds", 130, lambda a, v: fibre_intervals(a, v, positions=[0, 1])),
)


def problem(n: int, rows: int = 9) -> tuple[Array, Array]:
    return RNG.dirichlet(np.full(n, 0.5), rows), RNG.standard_normal((n, 3))


@pytest.fixture
def interruptible() -> Iterator[None]:
    """As a shell in the foreground starts a process: in the background it starts one that hears no Ctrl-C."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize(("kernels", "name", "n", "ask"), PLACES)
def test_an_interruption_is_heard_before_all_is_done(
    kernels: Any, name: str, n: int, ask: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls, compiled = [], getattr(kernels, name)

    def interrupted(*given: Any) -> None:
        calls.append(len(given[-1]))
        compiled(*given)
        if len(calls) == 2:
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(kernels, name, interrupted)
    monkeypatch.setattr(arithmetic, "AT_ONCE", 1)
    with pytest.raises(KeyboardInterrupt):
        ask(*problem(n))
    assert calls == [1, 1]


@pytest.mark.parametrize("n", [24, 140])
def test_pieces_change_no_number(n: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Shared values and values of their own, some positions masked."""
    (a, v), seen = problem(n), RNG.random((9, n)) < 0.8
    a = np.where(seen, a, 0.0) / np.where(seen, a, 0.0).sum(axis=1, keepdims=True)
    asked = np.broadcast_to(np.arange(n) < 4, seen.shape)

    def answers() -> list[np.ndarray]:
        own = np.repeat(v[None], 9, axis=0)
        bounds, solved = columns.fibre_bounds(a, v, seen, asked)
        plain = [f(a, x, seen) for f in (tableau.top_forced, tableau.fibre_bounds) for x in (v[None], own)]
        return [*plain, columns.top_forced(a, v, seen), bounds, solved]

    whole = answers()
    for numbers in (1, 4 * n * 8):
        monkeypatch.setattr(arithmetic, "AT_ONCE", numbers)
        for once, few in zip(whole, answers(), strict=True):
            np.testing.assert_array_equal(once, few)


def test_a_call_takes_as_many_rows_as_it_may() -> None:
    for rows, each in ((0, 5), (1, 10**9), (10, 10**9), (10**6, 300), (7, 3)):
        pieces = list(arithmetic.few_at_once(rows, each))
        taken = [np.arange(rows)[piece] for piece in pieces]
        np.testing.assert_array_equal(np.concatenate(taken), np.arange(rows))
        assert all(len(some) == 1 or len(some) * each <= arithmetic.AT_ONCE for some in taken)
