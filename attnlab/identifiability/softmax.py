"""Q3: which softmax weights over known keys have this output?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from attnlab.arrays import Array, Mask, whole
from attnlab.attention import output as attention_output
from attnlab.attention import softmax_weights
from attnlab.metrics import relative_gap
from attnlab.problems import Problems
from attnlab.solvers.exponential_family import fit
from attnlab.solvers.whitening import whitening

FOUND = 1e-9
"""The relative residual a solution must reach."""
DETERMINED = 1e-9
"""Keys whose part outside the affine span of the values is below this, relative, are determined by them."""


@dataclass(frozen=True)
class Inverse:
    """The distinct softmax weights found to have the output; leading axes, then S starts, solutions first.

    weights (..., S, n), queries (..., S, e), residual (..., S) relative to the size of the values, condition
    (..., S) of the Jacobian `Cov_a(v, k)`: NaN beyond the solutions; signs (..., S) of its determinant (d = e; 0
    beyond the solutions and for other shapes): those of all solutions add up to `query_degree`; count (...,):
    how many there are; determined (...,): the keys are an affine function of the values, so the solution is the
    only one, for any n (Exponential-family theorem). Where it is False, the search certifies nothing: these are
    the solutions found in S starts, and with e > d they are samples of a continuum.
    """

    weights: Array
    queries: Array
    residual: Array
    condition: Array
    signs: Array
    count: NDArray[np.int64]
    determined: Mask


def softmax_inverse(
    output: ArrayLike,
    values: ArrayLike,
    keys: ArrayLike,
    mask: ArrayLike | None = None,
    *,
    starts: int = 64,
) -> Inverse:
    """Solve `V^T softmax(K q) = o` for q, from the zero query and others; all solutions found, 64 at most.

    Where K is an affine function of V, o fixes `K^T a`, the problem is convex and one start finds the one
    solution. Queries are of least norm along directions no key difference spans; for logits `q.K / tau` scale
    the keys. output (..., d), values (..., n, d), keys (..., n, e), mask (..., n). The starts are the same ones
    each call. Where d = e, `query_degree` says what the signs of a complete set add up to.
    Raises ValueError for shapes that do not fit or numbers not finite.

    >>> import attnlab
    >>> square = [[0, 0], [1, 0], [0, 1], [1, 1]]
    >>> found = attnlab.softmax_inverse([0.6, 0.5], square, keys=square)
    >>> int(found.count), bool(found.determined), found.weights[0].round(3).tolist()
    (1, True, [0.2, 0.3, 0.2, 0.3])
    """
    starts = whole(starts, "starts", 1)
    problems = Problems.of(values, mask, keys=keys, outputs=output)
    lead, flat = problems.lead, problems.whole()
    n, e = flat.given_keys.shape[-2:]
    found = _search(flat.given_outputs, flat.values, flat.given_keys, flat.mask, starts)
    return Inverse(
        found.weights.reshape(*lead, starts, n),
        found.queries.reshape(*lead, starts, e),
        found.residual.reshape(*lead, starts),
        found.condition.reshape(*lead, starts),
        found.signs.reshape(*lead, starts),
        found.count.reshape(lead),
        found.determined.reshape(lead),
    )


def _search(outputs: Array, values: Array, keys: Array, mask: Mask, starts: int) -> Inverse:
    from attnlab.solvers.twin_query import twins  # compiled: imported when first used

    trials, n, e = keys.shape
    weights, queries = np.full((trials, starts, n), np.nan), np.full((trials, starts, e), np.nan)
    residual, condition = np.full((trials, starts), np.nan), np.full((trials, starts), np.nan)
    signs = np.zeros((trials, starts))
    determined, targets = _keys_from_values(outputs, values, keys, mask)
    tied, free = np.flatnonzero(determined), np.flatnonzero(~determined)
    if tied.size:
        queries[tied, 0] = fit(keys[tied], keys[tied], targets[tied], mask[tied]).parameters
    if free.size:
        of_keys, of_values = whitening(keys[free], mask[free]), whitening(values[free], mask[free])
        place = np.matmul((outputs[free] - of_values.centre)[:, None], of_values.whiten)[:, 0]
        found = twins(
            of_keys.span, of_values.span, mask[free], place, starts=starts, enough=starts, tolerance=FOUND
        ).parameters
        queries[free, : found.shape[1]] = np.matmul(found, np.swapaxes(of_keys.whiten, 1, 2))
    v, k = _of_size_one(values)[0], _of_size_one(keys)[0]  # their products neither overflow nor vanish
    for slot in range(starts):
        rows = np.flatnonzero(np.isfinite(queries[:, slot]).all(axis=1))
        if not rows.size:
            break
        scores = np.matmul(keys[rows], queries[rows, slot][..., None])[..., 0]
        weights[rows, slot] = softmax_weights(scores, mask[rows])
        reached = attention_output(weights[rows, slot], values[rows])
        residual[rows, slot] = relative_gap(reached, outputs[rows], values[rows], mask[rows])
        jacobian = _jacobian(weights[rows, slot], v[rows], k[rows], mask[rows])
        condition[rows, slot] = _condition(jacobian)
        if values.shape[2] == e:
            signs[rows, slot] = np.linalg.slogdet(jacobian)[0]
    return _solutions_first(weights, queries, residual, condition, signs, determined)


def _solutions_first(
    weights: Array, queries: Array, residual: Array, condition: Array, signs: Array, determined: Mask
) -> Inverse:
    """The solutions that have the output as given, in their order; NaN behind them."""
    good = residual <= FOUND
    order = np.argsort(~good, axis=1, kind="stable")
    none = ~np.take_along_axis(good, order, axis=1)

    def first(part: Array) -> Array:
        moved = np.take_along_axis(part.reshape(*order.shape, -1), order[..., None], axis=1)
        return np.asarray(np.where(none[..., None], np.nan, moved).reshape(part.shape))

    return Inverse(
        first(weights),
        first(queries),
        first(residual),
        first(condition),
        np.nan_to_num(first(signs)),
        good.sum(axis=1),
        determined,
    )


def _keys_from_values(outputs: Array, values: Array, keys: Array, mask: Mask) -> tuple[Mask, Array]:
    """Is K = V M + 1 c^T on the visible positions? (B,), and then `K^T a = M^T o + c`: (B, e)."""
    share = (mask / mask.sum(axis=1, keepdims=True))[:, None]
    mean_v, mean_k = np.matmul(share, values), np.matmul(share, keys)
    centred_v = np.where(mask[..., None], values - mean_v, 0.0)
    centred_k = np.where(mask[..., None], keys - mean_k, 0.0)
    (centred_v, unit_v), (centred_k, unit_k) = _of_size_one(centred_v), _of_size_one(centred_k)
    M = np.matmul(np.linalg.pinv(centred_v, rcond=1e-12), centred_k)
    left = np.linalg.norm(centred_k - np.matmul(centred_v, M), axis=(1, 2))
    determined = left <= DETERMINED * np.linalg.norm(centred_k, axis=(1, 2))
    targets = np.matmul((outputs[:, None] - mean_v) / unit_v, M) * unit_k + mean_k
    return determined, targets[:, 0]


def _of_size_one(rows: Array) -> tuple[Array, Array]:
    """Rows (B, n, f) over the size of their largest entry, and that size (B, 1, 1), a power of two."""
    unit = np.ldexp(1.0, np.frexp(np.abs(rows).max(axis=(1, 2), keepdims=True))[1])
    return rows / unit, unit


def _jacobian(weights: Array, values: Array, keys: Array, mask: Mask) -> Array:
    """`Cov_a(v, k)`, (B, d, e)."""
    centred = values - np.matmul(weights[:, None], values)
    return np.asarray(np.matmul(np.swapaxes(centred * (weights * mask)[..., None], 1, 2), keys))


def _condition(jacobian: Array) -> Array:
    """Its condition number (B,): how much a small error of o grows in q; inf if singular."""
    singular = np.linalg.svd(jacobian, compute_uv=False)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(singular[:, -1] > 0, singular[:, 0] / singular[:, -1], np.inf)
