"""Different weights whose outputs are the same bit for bit once rounded to a floating-point format."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from attnlab.arrays import root_mean_square
from attnlab.attention import output
from attnlab.collisions.base import Construction, apart, decline_unless, only_where
from attnlab.collisions.border import reach, step
from attnlab.shapes import Array, Collision, Mask, Sample
from attnlab.solvers.formats import BITS, Format, in_range, round_to
from attnlab.solvers.null_space import affine_basis, null_dimension, null_projection


@dataclass(frozen=True)
class Rounded(Construction):
    """`b = a + t z` along the direction z that moves the output least, as far as the rounded output stays.

    The output is rounded to `format` once, as a head does that stores it so; the bits are the same in exact
    arithmetic and for a float64 sum in any order. Below the affine threshold exact outputs determine the
    weights; this says what is left of that after rounding. There z is the last right singular vector of `V^T`
    among those of sum 0: a step along it is the longest for its change of output in the 2-norm; the rounding
    cell is a box, so farther pairs may exist. Where some directions do not move the output at all, z is a
    random one of them: one example, no maximum. The promise is the unit roundoff: the outputs differ by at most
    `sqrt(d) 2^-p` of their largest entry.
    """

    version: ClassVar[int] = 2

    format: Format = "bfloat16"
    says: ClassVar[str] = "weights whose output rounds to the same"

    halvings: ClassVar[int] = 60

    def construct(self, weights: Array, sample: Sample, rng: np.random.Generator) -> Collision:
        """weights (B, n) -> pairs (a, b) on the simplex, bit-identical outputs in the format."""
        target = round_to(output(weights, sample.values), self.format)
        normal = in_range(target, self.format)
        decline_unless(normal, f"the outputs lie outside the normal numbers of {self.format}")
        z = _least_felt(sample, rng)
        ends = [self._walk(weights, sign * z, sample.values, target) for sign in (1.0, -1.0)]
        moved = [np.abs(end - weights).sum(axis=1) for end in ends]
        far = np.where((moved[0] >= moved[1])[:, None], ends[0], ends[1])
        patterns = np.stack([weights, far], axis=1)
        found = normal & apart(patterns)
        for pattern in (weights, far):
            found &= self._same(pattern, sample.values, target)
        decline_unless(found, f"no step along the least felt direction keeps the output in {self.format}")
        size = root_mean_square(sample.values)
        most = np.abs(target).max(axis=1, initial=0.0) / np.where(size > 0, size, 1.0)
        unit = 2.0 ** -BITS[self.format] * np.sqrt(max(sample.d, 1))
        return Collision(
            only_where(found, patterns),
            sample.values,
            "simplex",
            found,
            verified=f"bit-identical in {self.format}",
            tolerance=float(max(1e-12, 2 * unit * most[found].max(initial=0.0))),
        )

    def _same(self, weights: Array, values: Array, target: Array) -> Mask:
        """(B,): whether the output rounds to the target however it is summed.

        A float64 sum of n products is within `n eps / 2 sum a_i |v_i|` of the exact one (Higham 2002, 3.1), so
        the sums of two orders are within twice that of each other, and rounding is monotone.
        """
        middle = output(weights, values)
        slack = weights.shape[1] * np.finfo(float).eps * output(weights, np.abs(values))
        ends = (round_to(middle - slack, self.format), round_to(middle + slack, self.format))
        return np.asarray(((ends[0] == target) & (ends[1] == target)).all(axis=1))

    def _walk(self, weights: Array, z: Array, values: Array, target: Array) -> Array:
        """The farthest weights along z, on the simplex, that were seen to keep the rounded output.

        The outputs that round to the target are a box, so along a line they are an interval: bisection.
        """
        low, high = np.zeros(len(weights)), reach(weights, z)
        best, length = weights, high
        for _ in range(self.halvings):
            moved = step(weights, z, length)
            moved /= moved.sum(axis=1, keepdims=True)
            same = self._same(moved, values, target)
            best = np.where(same[:, None], moved, best)
            low, high = np.where(same, length, low), np.where(same, high, length)
            length = (low + high) / 2
        return np.asarray(best)


def _least_felt(sample: Sample, rng: np.random.Generator) -> Array:
    """(B, n): a direction over visible positions, of sum 0, with the least `|V^T z|` for its size; 0 for n = 1."""
    basis = affine_basis(sample.values, sample.mask)
    z = null_projection(rng.standard_normal(sample.mask.shape), basis, sample.mask)
    one = (null_dimension(basis, sample.mask) == 0) & (sample.mask.sum(axis=1) > 1)
    z[one] = _last_singular(sample.values[one], sample.mask[one])
    return z


def _last_singular(values: Array, mask: Mask) -> Array:
    """(B, n): the last right singular vector of `V^T` among those of sum 0 over the visible positions."""
    n = mask.shape[1]
    count = mask.sum(axis=1)
    ones = mask / np.sqrt(count)[:, None]
    seen = np.where(mask[..., None], values, 0.0)
    mean = seen.sum(axis=1, keepdims=True) / count[:, None, None]
    centred = np.where(mask[..., None], seen - mean, 0.0)
    largest = np.abs(centred).max(axis=(1, 2), initial=0.0)[:, None, None]
    centred = centred / np.where(largest > 0, largest, 1.0)
    # Masked axes and the ones are made long, so that the least singular vector is none of them.
    long = 2 * np.sqrt((centred**2).sum(axis=(1, 2))) + 1.0
    blocked = ones[:, :, None] * ones[:, None] + (~mask)[:, :, None] * np.eye(n)
    stacked = np.concatenate([centred.transpose(0, 2, 1), long[:, None, None] * blocked], axis=1)
    z = np.linalg.svd(stacked, full_matrices=False)[2][:, -1]
    z = np.where(mask, z, 0.0)
    return np.where(mask, z - z.sum(axis=1, keepdims=True) / count[:, None], 0.0)
