"""Any leading axes as one flat batch, a bounded piece at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from attnlab.shapes import Array, Mask, require

CHUNK = 2**21
"""Numbers of the values worked on at once (16 MB)."""


T = TypeVar("T", bound=np.generic)


@dataclass(frozen=True)
class Batch:
    """Weights (..., n), values (..., n, d) and mask (..., n) whose leading axes broadcast; nothing is copied.

    Raises ValueError if the shapes do not fit, a mask hides a whole trial, or there is no position.
    """

    weights: Array
    values: Array
    mask: Mask

    @classmethod
    def of(cls, weights: ArrayLike, values: ArrayLike, mask: ArrayLike | None = None) -> Batch:
        """From what the caller gave; without a mask every position is visible."""
        a, v = np.asarray(weights, dtype=np.float64), np.asarray(values, dtype=np.float64)
        require(a.ndim >= 1 and v.ndim >= 2, "weights (..., n) and values (..., n, d)", (a.shape, v.shape))
        n = a.shape[-1]
        require(n >= 1 and v.shape[-2] == n, f"values (..., {n}, d)", v.shape)
        visible = np.ones(n, dtype=np.bool_) if mask is None else np.asarray(mask, dtype=np.bool_)
        require(visible.shape[-1:] == (n,), f"mask (..., {n})", visible.shape)
        require(bool(visible.any(axis=-1).all()), "a visible position in every trial", "none")
        return cls(a, v, visible)

    @property
    def lead(self) -> tuple[int, ...]:
        """The broadcast leading axes."""
        return np.broadcast_shapes(self.weights.shape[:-1], self.values.shape[:-2], self.mask.shape[:-1])

    def chunks(self) -> Iterator[tuple[slice, Array, Array, Mask]]:
        """Pieces of the flat batch: (where, weights (b, n), values (b or 1, n, d), mask (b, n)), checked.

        Values that all trials share come as (1, n, d). Masked positions come as zeros. Raises ValueError for
        numbers that are not finite and weights that are not on the simplex.
        """
        n, d = self.values.shape[-2:]
        trials = int(np.prod(self.lead, dtype=np.int64))
        shared = self.values.size == n * d
        values = self.values.reshape(1, n, d) if shared else self.values
        size = max(1, CHUNK // max(1, n * (1 if shared else d)))
        for first in range(0, trials, size):
            where = slice(first, min(first + size, trials))
            a, v = self._rows(self.weights, where, 1), values if shared else self._rows(values, where, 2)
            seen = self._rows(self.mask, where, 1)
            if not seen.all():
                a = np.where(seen, a, 0.0)
                v = v if shared else np.where(seen[..., None], v, 0.0)
            _check(a, v)
            yield where, a, v, seen

    def _rows(self, array: NDArray[T], where: slice, own: int) -> NDArray[T]:
        """A piece of the flat batch of one array with `own` axes of its own: a view where it can be."""
        lead, tail = self.lead or (1,), array.shape[array.ndim - own :]
        if array.shape == (*lead, *tail) and array.flags.c_contiguous:
            return array.reshape(-1, *tail)[where]
        at = np.unravel_index(np.arange(where.start, where.stop), lead)
        return np.asarray(np.broadcast_to(array, (*lead, *tail))[at])


def _check(weights: Array, values: Array) -> None:
    finite = bool(np.isfinite(weights).all() and np.isfinite(values).all())
    require(finite, "finite weights and values", "NaN or infinity")
    lowest = float(weights.min(initial=0.0))
    require(lowest >= 0, "weights >= 0", lowest)
    off = float(np.abs(weights.sum(axis=-1) - 1).max(initial=0.0))
    require(off <= 1e-9, "visible weights that sum to 1 within 1e-9", f"a sum {off:.2g} away")
