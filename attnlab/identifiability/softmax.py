"""Q3: which softmax weights over known keys have this output?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from attnlab.arrays import Array, Mask, Precision, require
from attnlab.problems import Problems
from attnlab.solvers.exponential_family import fit

SAME = 1e-6
"""Two solutions nearer than this in total variation are one."""
FOUND = 1e-9
"""The relative residual a solution must reach."""
DETERMINED = 1e-9
"""Keys whose part outside the affine span of the values is below this, relative, are determined by them."""


@dataclass(frozen=True)
class Inverse:
    """The distinct softmax weights found to have the output; leading axes, then S starts, solutions first.

    weights (..., S, n), queries (..., S, e), residual (..., S) relative to the size of the values, condition
    (..., S) of the Jacobian `Cov_a(v, k)`: NaN beyond the solutions; count (...,): how many there are;
    determined (...,): the keys are an affine function of the values, so the solution is the only one, for any
    n (Exponential-family theorem). Where it is False, the search certifies nothing: these are the solutions
    found in S starts, and with e > d they are samples of a continuum.
    """

    weights: Array
    queries: Array
    residual: Array
    condition: Array
    count: NDArray[np.int64]
    determined: Mask


def softmax_inverse(
    output: ArrayLike,
    values: ArrayLike,
    keys: ArrayLike,
    mask: ArrayLike | None = None,
    *,
    starts: int = 16,
    rng: np.random.Generator | None = None,
    precision: Precision | None = None,
) -> Inverse:
    """Solve `V^T softmax(K q) = o` for q, from the zero query and from random ones; all solutions found.

    Where K is an affine function of V, o fixes `K^T a`, the problem is convex and one start finds the one
    solution. Queries are of least norm along directions no key difference spans; for logits `q.K / tau` scale
    the keys. output (..., d), values (..., n, d), keys (..., n, e), mask (..., n). rng draws the starts: with
    none, the same ones each call. Raises ValueError for shapes that do not fit or numbers not finite.
    """
    require(starts >= 1, "a start", starts)
    problems = Problems.of(values, mask, keys=keys, outputs=output, precision=precision)
    lead, flat = problems.lead, problems.whole()
    n, e = flat.given_keys.shape[-2:]
    generator = np.random.default_rng(0) if rng is None else rng
    found = _search(flat.given_outputs, flat.values, flat.given_keys, flat.mask, starts, generator)
    return Inverse(
        found.weights.reshape(*lead, starts, n),
        found.queries.reshape(*lead, starts, e),
        found.residual.reshape(*lead, starts),
        found.condition.reshape(*lead, starts),
        found.count.reshape(lead),
        found.determined.reshape(lead),
    )


def _search(
    outputs: Array, values: Array, keys: Array, mask: Mask, starts: int, rng: np.random.Generator
) -> Inverse:
    trials, n, e = keys.shape
    weights, queries = np.full((trials, starts, n), np.nan), np.full((trials, starts, e), np.nan)
    residual, condition = np.full((trials, starts), np.nan), np.full((trials, starts), np.nan)
    count = np.zeros(trials, dtype=np.int64)
    determined, targets = _keys_from_values(outputs, values, keys, mask)
    for start in range(starts):
        first = _start(keys, mask, start, rng)
        rows = np.arange(trials) if start == 0 else np.flatnonzero(~determined)
        tied, free = rows[determined[rows]], rows[~determined[rows]]
        for part, seen, target in ((tied, keys, targets), (free, values, outputs)):
            if not part.size:
                continue
            features = keys[part]
            solution = fit(
                features, features if seen is keys else seen[part], target[part], mask[part], first[part]
            )
            gap = _residual(solution.weights, values[part], outputs[part], mask[part])
            known = np.nan_to_num(weights[part], nan=np.inf)
            apart = 0.5 * np.abs(known - solution.weights[:, None]).sum(axis=-1).min(axis=1)
            new = (gap <= FOUND) & (apart > SAME)
            at, slot = part[new], count[part[new]]
            weights[at, slot], queries[at, slot] = solution.weights[new], solution.parameters[new]
            residual[at, slot] = gap[new]
            condition[at, slot] = _condition(solution.weights[new], values[at], keys[at], mask[at])
            count[at] += 1
    return Inverse(weights, queries, residual, condition, count, determined)


def _start(keys: Array, mask: Mask, number: int, rng: np.random.Generator) -> Array:
    """Queries (B, e): zero first, then random ones whose logits spread from flat (1/2) to sharp (8)."""
    trials, _, e = keys.shape
    if number == 0:
        return np.zeros((trials, e))
    direction = rng.standard_normal((trials, e))
    logits = np.where(mask, np.matmul(keys, direction[..., None])[..., 0], 0.0)
    spread = np.sqrt((logits**2).sum(axis=1) / mask.sum(axis=1))
    return np.asarray(direction * (0.5 * 2.0 ** (number % 5) / np.where(spread > 0, spread, 1.0))[:, None])


def _keys_from_values(outputs: Array, values: Array, keys: Array, mask: Mask) -> tuple[Mask, Array]:
    """Is K = V M + 1 c^T on the visible positions? (B,), and then `K^T a = M^T o + c`: (B, e)."""
    share = (mask / mask.sum(axis=1, keepdims=True))[:, None]
    mean_v, mean_k = np.matmul(share, values), np.matmul(share, keys)
    centred_v = np.where(mask[..., None], values - mean_v, 0.0)
    centred_k = np.where(mask[..., None], keys - mean_k, 0.0)
    M = np.matmul(np.linalg.pinv(centred_v, rcond=1e-12), centred_k)
    left = np.linalg.norm(centred_k - np.matmul(centred_v, M), axis=(1, 2))
    determined = left <= DETERMINED * np.linalg.norm(centred_k, axis=(1, 2))
    targets = np.matmul((outputs[:, None] - mean_v), M) + mean_k
    return determined, targets[:, 0]


def _residual(weights: Array, values: Array, outputs: Array, mask: Mask) -> Array:
    size = np.sqrt(np.where(mask[..., None], values**2, 0.0).sum(axis=(1, 2)) / mask.sum(axis=1))
    gap = np.linalg.norm(np.matmul(weights[:, None], values)[:, 0] - outputs, axis=1)
    return np.asarray(gap / np.where(size > 0, size, 1.0))


def _condition(weights: Array, values: Array, keys: Array, mask: Mask) -> Array:
    """Condition number of `Cov_a(v, k)`, (d, e): how much a small error of o grows in q; inf if singular."""
    if not len(weights):
        return np.empty(0)
    centred = values - np.matmul(weights[:, None], values)
    jacobian = np.matmul(np.swapaxes(centred * (weights * mask)[..., None], 1, 2), keys)
    singular = np.linalg.svd(jacobian, compute_uv=False)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(singular[:, -1] > 0, singular[:, 0] / singular[:, -1], np.inf)
