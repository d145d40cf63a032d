"""What a mask of somebody's arrays means: stated, never guessed, and refused where the numbers say otherwise.

`keep`: True (or 1) where a row sees a position, (..., m, n), broadcast to the heads. `pad`: True (or 1) where a
position is padding, (..., n), one for each text of a batch; its query rows do not count either. `additive`: 0
where a row sees a position and MINUS or less (-inf) where not, (..., m, n). `causal`: no array; row i sees the
positions up to i. `none`: no array; every row sees all.
"""

from __future__ import annotations

from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from attnlab.arrays import Mask, require

MaskKind = Literal["keep", "pad", "additive", "causal", "none"]
KINDS: tuple[str, ...] = get_args(MaskKind)
MINUS = -1e4
"""An addend from which a weight is taken for hidden: `exp` of it is 0 in any float type."""


def require_fitting(kind: MaskKind, mask: Any, shape: tuple[int, ...]) -> None:
    """Raise ValueError unless a mask of this kind can have come with heads of this shape (..., H, m, n)."""
    require(kind in KINDS, f"mask_kind to be one of {', '.join(KINDS)}", kind)
    *lead, heads, m, n = shape
    if kind in ("causal", "none"):
        require(mask is None, f"no mask with mask_kind={kind}", f"one, {getattr(mask, 'shape', '')}")
        require(kind == "none" or m == n, "as many rows as positions with mask_kind=causal", f"{m} and {n}")
        return
    require(mask is not None, f"a mask with mask_kind={kind}", "none")
    whole = (*lead, n) if kind == "pad" else (*lead, heads, m, n)
    own = mask.shape
    fits = 0 < len(own) <= len(whole) and own[-1] == n
    fits = fits and all(a in (1, b) for a, b in zip(own[::-1], whole[::-1], strict=False))
    require(fits, f"a mask that broadcasts to {whole} with mask_kind={kind}", own)


def visible(kind: MaskKind, mask: Any, at: tuple[int, ...], m: int, n: int) -> tuple[NDArray[np.int64], Mask]:
    """The rows that see a position, (r,), and what they see, (r, n). at: leading axes and head, `shape[:-2]`.

    Raises ValueError for numbers that no mask of this kind has.
    """
    rows = np.arange(m)
    if kind == "none":
        return rows, np.ones((m, n), dtype=bool)
    if kind == "causal":
        return rows, np.tri(m, n, dtype=bool)
    if kind == "pad":
        real = ~_flags(_own(mask, at[:-1], 1), kind)
        rows = rows[real] if m == n else rows
        return (
            (rows, np.broadcast_to(real, (len(rows), n))) if real.any() else (rows[:0], np.ones((0, n), bool))
        )
    own = _own(mask, at, 2)
    seen = np.broadcast_to(_flags(own, kind) if kind == "keep" else _addends(own), (m, n))
    rows = np.flatnonzero(seen.any(axis=1))
    return rows, seen[rows]


def _own(mask: Any, at: tuple[int, ...], axes: int) -> Any:
    """The mask's last axes at a place of the leading ones, which broadcast."""
    if mask.ndim < axes:
        return mask
    lead = mask.shape[: mask.ndim - axes]
    place = at[len(at) - len(lead) :]
    return mask[tuple(i if size > 1 else 0 for i, size in zip(place, lead, strict=True))]


def _flags(array: Any, kind: str) -> Mask:
    """Booleans, or numbers that are 0 and 1."""
    if array.dtype == np.bool_:
        return np.asarray(array)
    numbers = np.asarray(array, dtype=np.float64)
    other = numbers[(numbers != 0) & (numbers != 1)]
    hint = " (0 and large negative numbers are mask_kind=additive)" if (other < 0).any() else ""
    require(not other.size, f"booleans, or 0 and 1, with mask_kind={kind}", f"{other[:1]}{hint}")
    return numbers == 1


def _addends(array: Any) -> Mask:
    """True at 0, False at MINUS and below."""
    require(
        array.dtype != np.bool_, "numbers with mask_kind=additive", "booleans (True seen is mask_kind=keep)"
    )
    numbers = np.asarray(array, dtype=np.float64)
    other = numbers[~((numbers == 0) | (numbers <= MINUS))]
    told = (
        f"0 where seen and {MINUS:g} or less elsewhere with mask_kind=additive (what adds to scores that are seen "
        "is more than a mask: pass the weights)"
    )
    require(not other.size, told, f"{other[:1]}")
    return numbers == 0
