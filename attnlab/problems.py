"""Attention problems from any arrays: shapes that fit, masks applied, a bounded piece at a time.

Weights (..., n), values (..., n, d), keys (..., n, e), outputs (..., d), mask (..., n). The axes named here are
each array's own and come last; whatever stands before them broadcasts, by numpy's rule: aligned from the right,
equal or 1. So one set of values serves all rows of weights: weights (h, n, n) and values (h, 1, n, d) are a
layer of h heads, causal with a mask (n, n).

Masked positions do not exist: nothing there is looked at, NaN included. The spacing of the float type an array
came in is remembered: it says what is rounding.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from attnlab.arrays import Array, Mask, Precision, admitted, large_enough, numbers, require, spacing, visible

CHUNK = 2**21
"""Numbers of the values worked on at once (16 MB)."""
SUM_ROUNDINGS = 8
"""Softmax rows of a float type sum to 1 within this many times its spacing: each weight is off by half a spacing
at most, all the same way at worst, and the exponentials and their sum by a few more."""
SUM_TOLERANCE = 1e-9
"""For float64, whose rows are often the quotients of longer computations."""
FAR = 0.05
"""Sums farther from 1 than this are no rounding, of whatever float type."""
ROUNDED = "of a smaller float type? pass them in it, or name it (precision='float32'), or divide by their sum"
ELSEWHERE = "is there weight on masked positions? mask before the softmax; else divide by their sum"
NEGLIGIBLE = 1e-12
"""Sums nearer to 1 than this are left as they are."""

T = TypeVar("T", bound=np.generic)


@dataclass(frozen=True, slots=True)
class Problems:
    """Attention problems of one n: the arrays that were given, None for the others; nothing is copied.

    weights (..., n), values (..., n, d), keys (..., n, e), outputs (..., d), mask (..., n); lead: their leading
    axes, broadcast. tolerance: how far from 1 the weights may sum; None for weights that may be any numbers.
    spacing: that of the coarser of values and keys, what counts as rounding in them.
    """

    values: Array
    mask: Mask
    lead: tuple[int, ...]
    spacing: float
    weights: Array | None = None
    keys: Array | None = None
    outputs: Array | None = None
    tolerance: float | None = None

    @classmethod
    def of(
        cls,
        values: ArrayLike,
        mask: ArrayLike | None = None,
        *,
        weights: ArrayLike | None = None,
        keys: ArrayLike | None = None,
        outputs: ArrayLike | None = None,
        signed: bool = False,
        precision: Precision | None = None,
    ) -> Problems:
        """From what the caller gave; `signed` weights need not lie on the simplex.

        Raises ValueError for shapes that do not fit; see `pieces` for the rest.
        """
        v = numbers(values, "values")
        a = None if weights is None else numbers(weights, "weights")
        k = None if keys is None else numbers(keys, "keys")
        o = None if outputs is None else numbers(outputs, "output")
        _own_axes(v, a, k, o)
        seen = visible(mask, v.shape[-2])
        eps = spacing(values, precision)
        return cls(
            v,
            seen,
            _lead(v, seen, a, k, o),
            eps if keys is None else max(eps, spacing(keys, precision)),
            a,
            k,
            o,
            None
            if signed or weights is None
            else max(SUM_TOLERANCE, SUM_ROUNDINGS * spacing(weights, precision)),
        )

    @property
    def given_weights(self) -> Array:
        """The weights, where the caller gave some."""
        return _given(self.weights, "weights")

    @property
    def given_keys(self) -> Array:
        """The keys, where the caller gave some."""
        return _given(self.keys, "keys")

    @property
    def given_outputs(self) -> Array:
        """The outputs, where the caller gave some."""
        return _given(self.outputs, "outputs")

    @property
    def trials(self) -> int:
        """How many problems there are."""
        return math.prod(self.lead)

    def pieces(self, size: int | None = None) -> Iterator[tuple[slice, Problems]]:
        """The flat batch a bounded piece at a time: where it stands in it, and the piece, checked.

        A piece has one leading axis (b,), its values 1 where all trials share them. Masked positions hold
        zeros, save in shared values. Weights that sum to 1 only within their own precision are divided by the
        sum. Raises ValueError for visible numbers that are not finite, too large to subtract or too small, and for
        weights that are not on the simplex.
        """
        n, d = self.values.shape[-2:]
        shared = self.values.size == n * d
        each = n * ((0 if shared else d) + (0 if self.keys is None else self.keys.shape[-1]) + 1)
        step = max(1, CHUNK // each) if size is None else size
        for first in range(0, self.trials, step):
            where = slice(first, min(first + step, self.trials))
            yield where, self._piece(where, shared)

    def sharing(self) -> Iterator[tuple[NDArray[np.int64], Problems]]:
        """The problems that share their values, one group after another: which trials they are, and the group."""
        own = self.values.shape[:-2]
        axes = (1,) * (len(self.lead) - len(own)) + own
        trials = np.arange(self.trials).reshape(self.lead)
        for at in np.ndindex(*axes):
            picked = tuple(slice(None) if size == 1 else i for i, size in zip(at, axes, strict=True))
            where = np.ravel(trials[picked])

            def rows(array: NDArray[T], picked: tuple[slice | int, ...] = picked) -> NDArray[T]:
                whole = np.broadcast_to(array, (*self.lead, array.shape[-1]))
                return np.asarray(whole[picked].reshape(-1, array.shape[-1]))

            yield (
                where,
                Problems(
                    self.values[at[len(axes) - len(own) :]],
                    rows(self.mask),
                    (len(where),),
                    self.spacing,
                    rows(self.given_weights),
                    tolerance=self.tolerance,
                ),
            )

    def whole(self) -> Problems:
        """All of the flat batch as one piece, the values no longer shared: every array (B, ...)."""
        piece = self._piece(slice(0, self.trials), self.values.ndim == 2)
        if len(piece.values) == self.trials:
            return piece
        values = np.broadcast_to(piece.values, (self.trials, *piece.values.shape[1:]))
        return Problems(
            values,
            piece.mask,
            piece.lead,
            self.spacing,
            piece.weights,
            piece.keys,
            piece.outputs,
            self.tolerance,
        )

    def _piece(self, where: slice, shared: bool) -> Problems:
        n, d = self.values.shape[-2:]
        seen = self._rows(self.mask, where, 1)
        every = bool(seen.all())
        v = self.values.reshape(1, n, d) if shared else self._rows(self.values, where, 2)
        shown = np.asarray(seen.any(axis=0, keepdims=True)) if shared else seen
        v = large_enough(admitted(v, None if every else shown, "values"), "values")
        a = None if self.weights is None else self._rows(self.weights, where, 1)
        if a is not None:
            a = a if every else np.where(seen, a, 0.0)
            a = admitted(a, None, "weights") if self.tolerance is None else _simplex(a, self.tolerance)
        k = None if self.keys is None else self._rows(self.keys, where, 2)
        if k is not None:
            k = large_enough(admitted(k, None if every else seen, "keys"), "keys")
        o = None if self.outputs is None else self._rows(self.outputs, where, 1)
        if o is not None:
            o = admitted(o, None, "output")
        return Problems(v, seen, (len(seen),), self.spacing, a, k, o, self.tolerance)

    def _rows(self, array: NDArray[T], where: slice, own: int) -> NDArray[T]:
        """A piece of the flat batch of one array with `own` axes of its own: a view where it can be."""
        lead, tail = self.lead, array.shape[array.ndim - own :]
        if array.shape[: array.ndim - own] == lead and array.flags.c_contiguous:
            return array.reshape(-1, *tail)[where]
        if array.size == math.prod(tail):
            if where.stop - where.start == 1:
                return array.reshape(1, *tail)
            return np.repeat(array.reshape(1, *tail), where.stop - where.start, axis=0)
        at = np.unravel_index(np.arange(where.start, where.stop), lead or (1,))
        return np.asarray(np.broadcast_to(array, (*(lead or (1,)), *tail))[at])


def _given(array: Array | None, name: str) -> Array:
    """An array that is needed. Raises ValueError where the caller gave None in its place."""
    if array is None:
        raise ValueError(f"expected {name} as numbers, got None")
    return array


def _own_axes(values: Array, weights: Array | None, keys: Array | None, outputs: Array | None) -> None:
    """Raise ValueError unless the arrays' own axes agree and none is empty."""
    if values.ndim >= 2:
        n, d = values.shape[-2:]
        fits = n > 0 < d
        fits = fits and (weights is None or weights.shape[-1:] == (n,))
        fits = fits and (keys is None or (keys.ndim >= 2 and keys.shape[-2] == n and keys.shape[-1] > 0))
        if fits and (outputs is None or outputs.shape[-1:] == (d,)):
            return
    given = (
        ("weights", weights, "n"),
        ("output", outputs, "d"),
        ("values", values, "n, d"),
        ("keys", keys, "n, e"),
    )
    asked = [(name, array.shape, axes) for name, array, axes in given if array is not None]
    expected = " and ".join(f"{name} (..., {axes})" for name, _, axes in asked)
    got = " and ".join(f"{name} {shape}" for name, shape, _ in asked)
    raise ValueError(f"expected {expected}, one size for each letter and none of them 0, got {got}")


def _lead(
    values: Array, mask: Mask, weights: Array | None, keys: Array | None, outputs: Array | None
) -> tuple[int, ...]:
    """The broadcast leading axes. Raises ValueError where they do not broadcast."""
    leads = {"values": values.shape[:-2], "mask": mask.shape[:-1]}
    if weights is not None:
        leads["weights"] = weights.shape[:-1]
    if keys is not None:
        leads["keys"] = keys.shape[:-2]
    if outputs is not None:
        leads["output"] = outputs.shape[:-1]
    different = {lead for lead in leads.values() if lead}
    if len(different) < 2:
        return different.pop() if different else ()
    try:
        return np.broadcast_shapes(*different)
    except ValueError:
        told = ", ".join(f"{name} {lead}" for name, lead in leads.items() if lead)
        raise ValueError(
            "expected leading axes that broadcast (aligned from the right, equal or 1), "
            f"got {told}{_grouped(leads)}"
        ) from None


def _grouped(leads: dict[str, tuple[int, ...]]) -> str:
    """What to do where some heads share values and keys, as in grouped-query attention."""
    for many, more in leads.items():
        for few, less in leads.items():
            pairs = zip(reversed(more), reversed(less), strict=False)
            for place, (large, small) in enumerate(pairs, start=1):
                if 1 < small < large and large % small == 0:
                    ratio, axis = large // small, {"values": -2, "keys": -2}.get(few, -1) - place
                    return (
                        f": {large} heads of {many} and {small} of {few}? repeat each, "
                        f"np.repeat({few}, {ratio}, axis={axis}), or split the axis of {many} into "
                        f"({small}, {ratio}) and that of {few} into ({small}, 1), which copies nothing"
                    )
    return ""


def _simplex(weights: Array, tolerance: float) -> Array:
    """The weights, their sums made 1. Raises ValueError if they are off the simplex by more than rounding."""
    low, sums = weights.min(initial=0.0), weights.sum(axis=-1)
    off = np.abs(sums - 1.0).max(initial=0.0)
    if not (low >= 0.0 and off <= tolerance):
        require(bool(np.isfinite(weights).all()), "finite weights", "NaN or infinity")
        require(bool(low >= 0), "weights >= 0", low)
        raise ValueError(
            f"expected visible weights that sum to 1 within {tolerance:.2g}, got a sum {off:.2g} away: "
            + (ROUNDED if off < FAR else ELSEWHERE)
        )
    if off <= NEGLIGIBLE:
        return weights
    return np.asarray(weights / np.where(np.abs(sums - 1.0) <= NEGLIGIBLE, 1.0, sums)[:, None])
