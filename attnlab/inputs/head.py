"""One attention head, read and checked: finite numbers, weights on the simplex, and those of its queries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnlab.arrays import Array, Mask, Precision, require, spacing
from attnlab.attention import softmax_weights
from attnlab.problems import SUM_ROUNDINGS, SUM_TOLERANCE

Rows = NDArray[np.int64]
MOST_OFF = 0.05
"""Weights farther than this from the softmax of their queries, in total variation, are not theirs."""
ROUNDINGS = 8
"""Scores of a float type are off by this many spacings of `scale |q| |k|`: a sum of e products, all one way."""


@dataclass(frozen=True, eq=False)
class Head:
    """One head of one layer: the r rows that see a position, in float64.

    rows (r,): which query rows they are; weights (r, n) on the simplex, 0 where mask (r, n) is False; values
    (n, d); queries (r, e) and keys (n, e), with logits `scale q.k`, or None where there are weights alone; group:
    heads of one group share their values; precision: the coarser float type of values and keys.
    """

    layer: int
    head: int
    group: int
    rows: Rows
    weights: Array
    values: Array
    mask: Mask
    queries: Array | None
    keys: Array | None
    precision: Precision
    tokens: tuple[str, ...] | None
    scale: float


def finite(array: Any, looked_at: Mask, name: str) -> Array:
    """float64 (n, f), 0 where not looked at. Raises ValueError naming the first position that is not finite."""
    found = np.asarray(array, dtype=np.float64)
    bad = ~np.isfinite(found)
    if not bad.any():
        return found
    at = np.flatnonzero(bad.any(axis=1) & looked_at)
    require(not len(at), f"finite {name}", f"NaN or infinity at position {at[:1].sum()}")
    return np.where(bad, 0.0, found)


def finite_rows(array: Any, rows: Rows, name: str) -> Array:
    """float64 (r, f). Raises ValueError naming the first row that is not finite, by its number in rows (r,)."""
    found = np.asarray(array, dtype=np.float64)
    bad = rows[~np.isfinite(found).all(axis=1)]
    require(not len(bad), f"finite {name}", f"NaN or infinity at row {bad[:1].sum()}")
    return found


def softmax_rows(scale: float, queries: Array, keys: Array, seen: Mask) -> Array:
    """`softmax(scale q.k)` over what is seen: queries (r, e), keys (n, e), seen (r, n) -> (r, n).

    Positions that no row sees take no part, so those of a padded text are the text's own to the last digit.
    """
    some = np.asarray(seen.any(axis=0))
    if not some.any():
        return np.zeros(seen.shape)
    with np.errstate(over="ignore", invalid="ignore"):
        scores = scale * (queries @ keys[some].T)
    require(bool(np.isfinite(scores[seen[:, some]]).all()), "scores within the floats", "infinity")
    weights = np.zeros(seen.shape)
    weights[:, some] = softmax_weights(scores, seen[:, some])
    return weights


def on_simplex(array: Any, seen: Mask, rows: Rows) -> Array:
    """Weights (r, n) as float64, their sums made 1. Raises ValueError naming the first row that is off."""
    given = finite_rows(np.where(seen, array, 0.0) if not seen.all() else array, rows, "weights")
    tolerance = max(SUM_TOLERANCE, SUM_ROUNDINGS * spacing(array))
    hidden = np.where(seen, 0.0, np.nan_to_num(np.asarray(array, dtype=np.float64))).max(axis=1, initial=0.0)
    sums = given[:, seen.any(axis=0)].sum(axis=1)  # as without the padding, to the last digit
    for bad, expected, got in (
        ((given < 0).any(axis=1), "weights >= 0", given.min(axis=1, initial=0.0)),
        (hidden > tolerance, "no weight where the mask hides", hidden),
        (np.abs(sums - 1) > tolerance, f"weights that sum to 1 within {tolerance:.2g}", sums),
    ):
        if bad.any():
            first = int(bad.argmax())
            raise ValueError(f"expected {expected}, got {got[first]:.6g} in row {rows[first]}")
    return np.asarray(given / sums[:, None])


def require_match(
    weights: Array, found: Array, scale: float, pair: tuple[Array, Array], coarse: float, rows: Rows
) -> None:
    """Raise ValueError where weights (r, n) are not the softmax of their queries and keys, found, up to rounding.

    pair: queries (r, e) and keys (n, e); coarse: the spacing at 1 of the coarsest float type among them.
    """
    off = 0.5 * np.abs(weights - found).sum(axis=1)
    sizes = np.linalg.norm(pair[0], axis=1) * np.linalg.norm(pair[1], axis=1).max(initial=0.0)
    allowed = np.minimum(MOST_OFF, ROUNDINGS * coarse * (1 + scale * sizes))
    bad = off > allowed
    if bad.any():
        worst = int((off - allowed).argmax())
        raise ValueError(
            f"expected weights that are the softmax of scale q.k, scale = {scale:.6g}, within "
            f"{allowed[worst]:.2g} in total variation, got row {rows[worst]}, which is {off[worst]:.2g} away "
            "(another scale, mask or head?)"
        )
