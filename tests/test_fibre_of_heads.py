"""Many rows over one set of values, on few columns: the verdicts and intervals of the plain ways."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from attnlab.identifiability import fibre, fibre_intervals, top_certified
from attnlab.oracles.ensembles import ENSEMBLES
from attnlab.oracles.programmes import intervals_by_programmes, top_is_forced_exactly
from attnlab.shapes import Array, Mask
from attnlab.solvers import columns, tableau

SIZES = ((30, 3), (40, 5), (24, 6))


@pytest.fixture
def few_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few columns from the smallest problems on, where the plain ways are quick."""
    for bound in ("ONE_ROW", "ALL_OF_A_ROW"):
        monkeypatch.setattr(fibre, bound, 8)


def rows(count: int, n: int, rng: np.random.Generator) -> Array:
    """Weights from sharp to diffuse, in turn."""
    scores = rng.standard_normal((count, n)) / rng.choice([0.15, 0.3, 0.6, 1.5], size=(count, 1))
    a = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(a / a.sum(axis=1, keepdims=True))


def masked(count: int, n: int, rng: np.random.Generator) -> Mask:
    """All visible, causal, or scattered, a third each."""
    mask = np.ones((count, n), dtype=bool)
    third = count // 3
    mask[third : 2 * third] = np.arange(n) <= rng.integers(n // 2, n, size=(third, 1))
    mask[2 * third :] = rng.random((count - 2 * third, n)) < 0.8
    mask[:, 0] = True
    return mask


def test_verdicts_are_those_of_the_tableau_and_of_exact_programmes() -> None:
    """2,000 rows over generic, structured, near-duplicate and badly scaled values, some of them masked."""
    rng = np.random.default_rng(20)
    each = 2000 // (len(ENSEMBLES) * len(SIZES)) + 1
    counts, checked = dict.fromkeys((-2, -1, 0, 1), 0), 0
    for made in ENSEMBLES.values():
        for n, d in SIZES:
            values, mask = made(n, d, rng), masked(each, n, rng)
            weights = rows(each, n, rng) * mask
            weights /= weights.sum(axis=1, keepdims=True)
            ours = columns.top_forced(weights, values, mask)
            plain = tableau.top_forced(weights, values[None], mask)
            decided = (ours >= 0) & (plain >= 0)
            assert (ours == plain)[decided].all(), made.__name__
            for verdict in ours:
                counts[int(verdict)] += 1
            for i in np.flatnonzero(ours >= 0)[:: 8 if d == 3 else 40]:
                a, v = weights[i][mask[i]], values[mask[i]]
                assert bool(ours[i]) == top_is_forced_exactly(a, v), made.__name__
                checked += 1
    assert sum(counts.values()) >= 2000
    assert checked > 100
    assert min(counts[0], counts[1]) > 200, f"both answers occur: {counts}"
    assert counts[-1] + counts[-2] < 0.1 * sum(counts.values()), f"few are left to the tableau: {counts}"


def test_what_is_too_close_to_call_is_undecided() -> None:
    """A least lead of 1e-12 over the fibre; one of 1e-6 is a verdict, on either side."""
    square = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    verdicts = ((1e-12, False, True), (0.0, False, True), (1e-6, True, False), (-1e-6, False, False))
    for lead, certified, undecided in verdicts:
        found = top_certified([0.5 + lead / 2, 0.1, 0.3 - lead / 2, 0.1], square)
        assert (bool(found.certified), bool(found.undecided)) == (certified, undecided), lead
        assert bool(found.refuted) == (not certified and not undecided)
    assert top_certified(np.full(64, 1 / 64), np.random.default_rng(0).standard_normal((64, 2))).refuted


@pytest.mark.usefixtures("few_columns")
@pytest.mark.parametrize("name", ["gaussian", "duplicated", "low_rank", "stretched"])
def test_intervals_are_those_of_the_programmes(name: str) -> None:
    rng = np.random.default_rng(21)
    values = ENSEMBLES[name](26, 4, rng)
    weights = rows(3, 26, rng)
    ours = fibre_intervals(weights, values)
    theirs = np.stack([intervals_by_programmes(a, values / np.abs(values).max(axis=0)) for a in weights])
    assert np.abs(ours - theirs).max() < 1e-8
    plain = tableau.fibre_bounds(weights, values[None])
    assert np.abs(ours - plain).max() < 1e-9


@pytest.mark.usefixtures("few_columns")
def test_heads_with_causal_rows_are_their_rows_one_by_one() -> None:
    rng = np.random.default_rng(22)
    n, heads = 30, 3
    values = rng.standard_normal((heads, 1, n, 4))
    causal = np.tril(np.ones((n, n), dtype=bool))
    weights = rows(heads * n, n, rng).reshape(heads, n, n) * causal
    weights /= weights.sum(axis=-1, keepdims=True)
    found, bounds = top_certified(weights, values, causal), fibre_intervals(weights, values, causal)
    assert found.certified.shape == (heads, n)
    for h in range(heads):
        alone = tableau.top_forced(weights[h], values[h], causal)
        unique = np.arange(n) < 5
        assert (found.certified[h] == (alone == 1))[~unique].all()
        assert np.abs(bounds[h] - tableau.fibre_bounds(weights[h], values[h], causal)).max() < 1e-9


@pytest.mark.parametrize("small", [True, False])
def test_positions_asked_for_are_those_of_all(small: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not small:
        for bound in ("ONE_ROW", "ALL_OF_A_ROW"):
            monkeypatch.setattr(fibre, bound, 8)
    rng = np.random.default_rng(23)
    values, weights = rng.standard_normal((25, 4)), rows(4, 25, rng).reshape(2, 2, 25)
    whole = fibre_intervals(weights, values)
    top = fibre_intervals(weights, values, positions="top")
    assert top.shape == (2, 2, 1, 2)
    assert np.allclose(
        top, np.take_along_axis(whole, weights.argmax(-1)[..., None, None], axis=-2), atol=1e-9
    )
    some = fibre_intervals(weights, values, positions=[7, 3, 3])
    assert np.allclose(some, whole[..., [7, 3, 3], :], atol=1e-9)
    each = rng.integers(25, size=(2, 2, 2))
    assert np.allclose(
        fibre_intervals(weights, values, positions=each),
        np.take_along_axis(whole, each[..., None], axis=-2),
        atol=1e-9,
    )


@pytest.mark.parametrize(
    ("positions", "words"),
    [
        ("peak", '"top"'),
        ([25], "positions from 0 to 24, got 25"),
        ([2, -1], "from 0.*got -1"),
        ([0.5], "whole"),
        (3, "whole"),
    ],
)
def test_positions_that_are_none(positions: object, words: str) -> None:
    rng = np.random.default_rng(24)
    with pytest.raises(ValueError, match=words):
        fibre_intervals(rows(1, 25, rng)[0], rng.standard_normal((25, 4)), positions=positions)  # type: ignore[arg-type]


FULL = """
import sys
import numpy as np
from attnlab.identifiability import fibre_intervals, top_certified
a, v = np.full(9, 1 / 9), np.random.default_rng(0).standard_normal((9, 3))
fibre_intervals(a, v), top_certified(a, v)
sys.exit("attnlab.solvers.nnls_kernels" in sys.modules)
"""


def test_weights_of_full_support_need_no_face_test() -> None:
    """More than d + 1 values are dependent: half of what a first call used to compile is not even imported."""
    assert subprocess.run([sys.executable, "-c", FULL], check=False).returncode == 0
