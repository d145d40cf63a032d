"""One rank: whatever the units and the offset, at the precision the numbers came in, for all that asks for it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from attnlab import metrics
from attnlab.arrays import EPS, root_mean_square
from attnlab.decoders.base import decode
from attnlab.decoders.least_squares import LeastSquares
from attnlab.decoders.max_entropy import MaxEntropy
from attnlab.identifiability import effective_attention, nullity
from attnlab.metrics import relative_gap
from attnlab.shapes import Array, Collision, Sample
from attnlab.solvers.null_space import affine_basis, null_dimension
from attnlab.tidy import FEW_VISIBLE
from attnlab.verdicts import beyond

CHANGES = [
    (1.0, 0.0), (1e-16, 0.0), (1e17, 0.0), (1.0, 1e6), (1.0, -1e9), (1e-298, 0.0), (1e250, 0.0), (1e-16, 3e-12)
]  # fmt: skip
"""A factor and an offset of the values; the first is what the others are compared with."""


def values_of(rank: int, n: int, d: int, seed: int = 0) -> Array:
    rng = np.random.default_rng(seed)
    return rng.standard_normal((n, rank)) @ rng.standard_normal((rank, d))


@pytest.mark.parametrize(("factor", "offset"), CHANGES)
@pytest.mark.parametrize(("n", "d", "rank"), [(24, 6, 6), (24, 16, 16), (24, 16, 5), (5, 8, 8)])
def test_units_and_offsets_change_no_rank(n: int, d: int, rank: int, factor: float, offset: float) -> None:
    """Times 1e-16 the affine rank was 1, times 1e17 6 of 7, plus 1e6 16 of 17; the sums of weights .16, .02."""
    v = values_of(rank, n, d)
    found = nullity(factor * v + offset)
    assert found.affine_rank == min(rank + 1, n)
    assert found.affine_null == n - min(rank + 1, n)
    if offset == 0:
        assert found.rank == min(rank, n)
    a = np.random.default_rng(1).dirichlet(np.ones(n))
    seen = effective_attention(a, factor * v + offset)
    assert seen.sum() == pytest.approx(1, abs=1e-12)
    loss = abs(offset / factor) * EPS["float64"] * 1e3
    np.testing.assert_allclose(seen, effective_attention(a, v), atol=1e-12 + loss)


def test_every_coordinate_has_units_of_its_own() -> None:
    units = 10.0 ** np.array([-200.0, -9, 0, 9, 200])
    assert nullity(values_of(5, 20, 5) * units).affine_rank == 6
    assert nullity(values_of(3, 20, 5) * units).affine_rank == 4
    assert nullity(values_of(3, 20, 5) * units).rank == 3


@pytest.mark.parametrize("precision", ["float32", "float16"])
def test_equal_rows_of_a_smaller_float_type_count_once(precision: str) -> None:
    """12 rows, 6 words, each computed twice: float32 copies differ by 1e-7 and are one at float32's precision."""
    rng = np.random.default_rng(2)
    words = rng.standard_normal((6, 8))
    eps = float(np.finfo(precision).eps)
    copies = np.repeat(words, 2, axis=0) * (1 + eps * rng.uniform(-1, 1, (12, 8)))
    v = copies.astype(precision)
    assert (v[0] != v[1]).any()
    found = nullity(v)
    assert [int(found.affine_rank), int(found.affine_null), int(found.rank)] == [6, 6, 6]
    assert (10 if precision == "float32" else 1) < found.affine_gap < 1e8, "something was dropped"
    named = nullity(v.astype(float), precision=precision)  # type: ignore[arg-type]
    assert named.affine_rank == 6 and named.affine_gap == found.affine_gap
    assert nullity(v.astype(float)).affine_rank == 9, "as doubles they are twelve rows"
    a = rng.dirichlet(np.ones(12))
    seen = effective_attention(a, v)
    np.testing.assert_allclose(seen[::2], seen[1::2], atol=20 * eps)
    sample = Sample.of(v)
    assert sample.precision == precision and sample.spacing == eps
    shared = decode(LeastSquares(), a @ v.astype(float), v).weights[0]
    np.testing.assert_allclose(shared[::2], shared[1::2], atol=20 * eps)
    full = nullity(rng.standard_normal((300, 64)).astype(precision))
    assert full.affine_rank == 65 and np.isfinite(full.affine_gap)


def test_the_gap_is_finite_where_something_is_kept() -> None:
    """Near 1 from either side the rank is a matter of opinion; nothing to keep has no gap."""
    v = values_of(4, 20, 4)
    v[:, 3] = v[:, 2] + 3e-14 * v[:, 3]
    assert 1 < nullity(v).gap < 50 or 1 < nullity(v).affine_gap < 50
    assert np.isinf(nullity(np.ones((4, 2))).affine_gap) and nullity(np.ones((4, 2))).affine_rank == 1
    assert np.isinf(nullity(np.zeros((4, 2))).gap) and nullity(np.zeros((4, 2))).rank == 0


def test_q1_and_the_decliners_count_alike() -> None:
    """`nullity` and `null_dimension` are one decision, masks and awkward scales included."""
    rng = np.random.default_rng(3)
    for factor, offset in CHANGES:
        v = np.stack([values_of(rank, 12, 5, rank) for rank in (1, 2, 3, 5)]) * factor + offset
        mask = rng.random((4, 12)) < 0.6
        mask[:, :2] = True
        found = nullity(v, mask)
        basis = affine_basis(v, mask)
        np.testing.assert_array_equal(found.affine_null, null_dimension(basis, mask))


def test_effective_attention_is_the_least_squares_decoder() -> None:
    rng = np.random.default_rng(4)
    a, v = rng.dirichlet(np.ones(20), 6), rng.standard_normal((6, 20, 4)) + 5.0
    mask = np.arange(20) < np.array([20, 18, 9, 5, 3, 1])[:, None]
    a = np.where(mask, a, 0.0) / np.where(mask, a, 0.0).sum(axis=1, keepdims=True)
    o = np.matmul(a[:, None], v)[:, 0]
    np.testing.assert_allclose(
        decode(LeastSquares(), o, v, mask=mask).weights, effective_attention(a, v, mask), atol=1e-12
    )


def test_one_relative_gap() -> None:
    """Fit, Collision and metrics give one number, masked rows apart, and no square overflows."""
    rng = np.random.default_rng(5)
    v, a = rng.standard_normal((7, 10, 3)), rng.dirichlet(np.ones(10), (7, 2))
    o = np.matmul(a, v)
    for scale in (1.0, 1e-200, 1e200):
        gap = relative_gap(scale * o[:, 0], scale * o[:, 1], scale * v)
        np.testing.assert_allclose(gap, relative_gap(o[:, 0], o[:, 1], v), rtol=1e-12)
        pair = Collision(a, scale * v, "simplex", tolerance=10.0)
        np.testing.assert_allclose(pair.gap, gap, rtol=1e-12)
    mask = np.arange(10) < 6
    hidden = np.where(mask[:, None], v, 1e6)
    np.testing.assert_allclose(
        relative_gap(o[:, 0], o[:, 1], hidden, np.broadcast_to(mask, (7, 10))),
        relative_gap(o[:, 0], o[:, 1], v[:, :6]),
        rtol=1e-12,
    )
    assert root_mean_square(np.zeros((2, 3, 1))).tolist() == [0.0, 0.0]
    far = decode(MaxEntropy(), 100 * o[:, 0], v)
    assert not far.converged.any()


def test_few_are_the_visible_positions() -> None:
    """12 positions of which 5 are visible, d = 8: at most d + 1, whatever the arrays' length says."""
    mask = np.arange(12) < np.array([[5], [9], [10]])
    assert metrics.few_visible(mask, 8).tolist() == [True, True, False]
    cells = {
        "masked": (12, 1.0),
        "mixed": (12, 0.4),
        "full": (12, 0.0),
        "silent": (12, None),
        "short": (6, None),
    }
    rows = []
    for key, (n, share) in cells.items():
        told = [] if share is None else [(FEW_VISIBLE, share)]
        rows += [
            {"key": key, "inputs.n": n, "inputs.d": 8, "metric": metric, "value": value, "status": "done"}
            for metric, value in [*told, ("width", 0.1)]
        ]
    table = pd.DataFrame(rows)
    assert set(beyond(table)["key"]) == {"full", "silent"}
    assert set(beyond(table, few=True)["key"]) == {"masked", "short"}
    found = nullity(np.random.default_rng(6).standard_normal((3, 12, 8)), mask)
    assert found.affine_null.tolist() == [0, 0, 1]
