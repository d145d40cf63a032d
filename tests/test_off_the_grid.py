"""Arrays no grid has, of odd sizes, scales and kinds, against programmes and scans of another make."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import linprog
from scipy.special import softmax

import attnlab
from attnlab.shapes import Array, Mask

TRIALS = 4
CLEAR = 1e-6
"""Weights and widths that scipy's programme resolves."""


def drawn(seed: int) -> tuple[Array, Array, Array, Mask, float, float]:
    """Weights, values, keys and a mask in units of 1; and the units that values and keys are given in."""
    rng = np.random.default_rng(seed)
    n, d, e = int(rng.choice([1, 2, 3, 5, 7, 9, 12])), int(rng.integers(1, 6)), int(rng.integers(1, 5))
    values, keys = rng.standard_normal((TRIALS, n, d)), rng.standard_normal((TRIALS, n, e))
    kind = rng.choice(["plain", "twice", "tied", "far", "line"])
    if kind == "twice" and n > 2:
        values[:, 1] = values[:, 0]
    if kind == "tied":
        keys = values @ rng.standard_normal((d, e))
    if kind == "far":
        values += 10.0 ** rng.integers(0, 5)
    if kind == "line":
        values = values[:, :, :1] * rng.standard_normal(d)
    mask = (rng.random((TRIALS, n)) < 0.8) | bool(rng.random() < 0.5)
    mask[:, 0] = True
    queries = rng.standard_normal((TRIALS, e)) / np.sqrt(e) / rng.choice([0.02, 0.1, 0.5, 1.0, 5.0])
    weights = attnlab.attend(queries, keys, values, mask=mask).weights
    if rng.random() < 0.4:
        weights = np.where(mask & (rng.random(mask.shape) < 0.4), rng.random(mask.shape), 0.0)
        weights[:, 0] += 0.1
        weights /= weights.sum(axis=1, keepdims=True)
    of_values, of_keys = 10.0 ** rng.choice([-150, -80, 0, 9, 150]), 10.0 ** rng.choice([-100, -3, 0, 100])
    return weights, values, keys, mask, float(of_values), float(of_keys)


def freedom(weights: Array, values: Array) -> Array:
    """How far each weight can move at most among weights on the simplex with the same output."""
    n = len(weights)
    around = values - values.mean(axis=0)
    equations = np.vstack([around.T / max(1.0, np.abs(around).max()), np.ones(n)])
    ends = []
    for sign in (1.0, -1.0):
        for i in range(n):
            found = linprog(sign * np.eye(n)[i], A_eq=equations, b_eq=equations @ weights, method="highs")
            assert found.x is not None, found.message
            ends.append(abs(found.x[i] - weights[i]))
    return np.array(ends).reshape(2, n).max(axis=0)


@pytest.mark.parametrize("seed", range(24))
def test_what_is_said_of_weights_is_so(seed: int) -> None:
    """Q1, Q2, the top and Q3: what is certain agrees with a plain programme, with itself, and in any units."""
    weights, values, keys, mask, of_values, of_keys = drawn(seed)
    given = (weights, values * of_values, mask)
    unique = attnlab.is_unique(*given).unique
    null = np.asarray(attnlab.nullity(values * of_values, mask).affine_null)
    top = attnlab.top_certified(*given).certified
    rivals = attnlab.softmax_rivals(weights, values * of_values, keys * of_keys, mask)
    plain = attnlab.softmax_rivals(weights, values, keys, mask)
    np.testing.assert_array_equal(unique, attnlab.is_unique(weights, values, mask).unique)
    for name in ("kept", "lost", "flip"):
        np.testing.assert_array_equal(getattr(rivals, name), getattr(plain, name))
    assert not (rivals.kept & rivals.lost).any() and not (unique & rivals.lost & rivals.of_keys).any()
    assert (unique | (null > 0)).all()  # Q1 implies Q2
    for trial, seen in enumerate(mask):
        a, v = weights[trial, seen], values[trial, seen]
        around = v - v.mean(axis=0)
        assert null[trial] == len(a) - 1 - np.linalg.matrix_rank(
            around, tol=1e-9 * max(1.0, np.abs(around).max())
        )
        free = freedom(a, v)
        if a[a > 0].min() > CLEAR:  # else the programme takes a tiny weight for none
            assert unique[trial] == (free.max() < CLEAR), free.max()
        first, second = (*np.sort(a)[::-1][:2], 0.0)[:2]
        if unique[trial] and first - second > CLEAR:
            assert top[trial]
        if free.max() > CLEAR and first - free[a.argmax()] > CLEAR + (a + free)[
            np.arange(len(a)) != a.argmax()
        ].max(initial=0.0):
            assert top[trial]  # even the loosest bounds keep it


def test_second_queries_on_a_line_are_those_a_scan_finds() -> None:
    """d = e = 1: the output is a function of one number, and a scan crosses it wherever another query has it."""
    rng = np.random.default_rng(3)
    n, trials = 6, 40
    values, keys = rng.standard_normal((2, trials, n, 1))
    queries = rng.standard_normal((trials, 1)) / 0.3
    weights = attnlab.attend(queries, keys, values).weights
    found = attnlab.softmax_rivals(weights, values, keys)
    scan = np.linspace(-60.0, 60.0, 120_001)
    met = 0
    for trial in range(trials):
        outputs = softmax(scan[:, None] * keys[trial, :, 0], axis=1) @ values[trial, :, 0]
        own = float(weights[trial] @ values[trial, :, 0])
        crossed = np.flatnonzero(np.diff(np.sign(outputs - own)) != 0)
        others = [
            at for at in crossed if abs(scan[at] - queries[trial, 0]) > 0.01 and abs(outputs[at] - own) > 1e-9
        ]
        if others:
            met += 1
            assert found.lost[trial] and not found.kept[trial]
        if found.kept[trial]:
            assert not others
    assert 3 < met < trials
