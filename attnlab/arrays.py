"""The one door for an array: what a caller holds becomes float64, a mask booleans, or a ValueError says why not.

How several arrays fit one another: `attnlab.problems`.
"""

from __future__ import annotations

import operator
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
Precision = Literal["bfloat16", "float16", "float32", "float64"]
"""The float type numbers were computed in, where it is not the one they come in."""

EPS: dict[str, float] = {
    "bfloat16": 2.0**-7,
    "float16": 2.0**-10,
    "float32": 2.0**-23,
    "float64": 2.0**-52,
}
"""The spacing of the numbers of a float type at 1."""
LARGEST, SMALLEST = 1e300, 1e-300
"""Values beyond the first overflow in their differences; quotients of those that are all below the second do."""


def require(condition: bool, expected: str, got: object) -> None:
    """Raise ValueError with what was expected and what came."""
    if not condition:
        raise ValueError(f"expected {expected}, got {got}")


def whole(given: object, name: str, least: int) -> int:
    """A count: a whole number from `least` on. Raises ValueError for others, True and 2.0 too."""
    try:
        number = None if isinstance(given, bool | np.bool_) else operator.index(given)  # type: ignore[arg-type]
    except TypeError:
        number = None
    if number is None or number < least:
        raise ValueError(f"expected {name} >= {least}, a whole number, got {given!r}")
    return number


def yes_or_no(given: object, name: str) -> bool:
    """A truth value. Raises ValueError for all that Python would merely take for one: 1, "no", None."""
    require(isinstance(given, bool | np.bool_), f"{name} True or False", repr(given))
    return bool(given)


def generator(given: object, name: str = "rng") -> np.random.Generator:
    """The generator itself, or that of a seed. Raises ValueError for what is neither, None too."""
    if isinstance(given, np.random.Generator):
        return given
    return np.random.default_rng(whole(given, f"{name}: a numpy Generator, or a seed", 0))


def whole_numbers(given: ArrayLike, name: str, least: int, most: int) -> NDArray[np.int64]:
    """An array of whole numbers from `least` to `most`. Raises ValueError for others, booleans and floats too.

    An array of none is of none whatever its type: an empty list has no numbers to tell it by.
    """
    array = np.asarray(given)
    if array.size == 0:
        return array.astype(np.int64)
    require(array.dtype.kind in "iu", f"{name} of whole numbers", f"{array.dtype} {array.shape}")
    others = array[(array < least) | (array > most)]
    if others.size:
        raise ValueError(f"expected {name} from {least} to {most}, got {others[0]}")
    return array.astype(np.int64)


def numbers(given: ArrayLike, name: str = "numbers") -> Array:
    """float64 from an array, a list, a data frame or a tensor; the very array where it is float64 already.

    Raises ValueError for rows of different lengths, complex numbers, text, dates, and numpy's masked arrays.
    """
    if type(given) is np.ndarray and given.dtype == np.float64:
        return given
    require(given is not None, f"{name} as numbers", None)
    array = _plain(given, name)
    if array.dtype.kind == "c":
        raise ValueError(f"expected real {name}, got complex numbers")
    of_objects = array.dtype.kind == "O"
    if array.dtype.kind not in "biufO" or (
        of_objects and any(isinstance(x, str | bytes) for x in array.flat)
    ):
        raise ValueError(f"expected {name} as numbers, got {'text' if of_objects else array.dtype}")
    try:
        return np.asarray(array, dtype=np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError(f"expected {name} as numbers, got {array.dtype}: {error}") from None


def spacing(given: ArrayLike, precision: Precision | None = None) -> float:
    """The spacing at 1 of the float type the array came in, or of `precision`; float64's for lists and integers.

    Raises ValueError for a `precision` that is none of the four.
    """
    if precision is not None:
        require(precision in EPS, f"precision one of {', '.join(EPS)}", repr(precision))
        return EPS[precision]
    if type(given) is np.ndarray and given.dtype == np.float64:
        return EPS["float64"]
    kinds = getattr(given, "dtype", None)
    several = getattr(given, "dtypes", None) if kinds is None else None  # a data frame has one a column
    names = [str(kind).rsplit(".", maxsplit=1)[-1] for kind in (kinds,) if kind is not None]
    names += [str(kind) for kind in several] if several is not None else []
    return max((EPS.get(name.lower(), EPS["float64"]) for name in names), default=EPS["float64"])


def precision_of(found: float) -> Precision:
    """The finest float type whose spacing at 1 is no coarser than this."""
    name: Precision = next(name for name in get_args(Precision) if EPS[name] <= found)
    return name


def visible(given: ArrayLike | None, n: int) -> Mask:
    """The mask as booleans, True where a position is visible; everywhere, if not given.

    Raises ValueError unless it holds booleans, or zeros and ones, over n positions.
    """
    if given is None:
        return np.ones(n, dtype=np.bool_)
    mask = given if type(given) is np.ndarray else _plain(given, "mask")
    if mask.dtype != np.bool_:
        zero_or_one = numbers(mask, "mask")
        other = zero_or_one[(zero_or_one != 0) & (zero_or_one != 1)]
        if other.size:
            got = f"other numbers, such as {other[0]:g}"
            if (other < 0).any():
                got = (
                    "negative numbers: an additive mask (0 where visible, -1e9 or -inf elsewhere)? "
                    "pass `mask >= 0`"
                )
            raise ValueError(f"expected a mask of booleans, or of 0 and 1, True where visible, got {got}")
        mask = zero_or_one == 1
    if mask.shape[-1:] != (n,):
        raise ValueError(f"expected a mask (..., {n}), one entry a position, got {mask.shape}")
    if not mask.any(axis=-1).all():
        raise ValueError("expected a visible position in every trial (True or 1 is visible), got none")
    return mask


def _plain(given: Any, name: str) -> NDArray[Any]:
    """A numpy array of whatever type numpy finds; tensors leave their graph and their device first."""
    if isinstance(given, np.ma.MaskedArray):
        raise ValueError(
            f"expected plain {name}, got a numpy masked array: pass its data, and a mask of ours"
        )
    try:
        if hasattr(given, "detach"):
            given = given.detach().cpu()
            if str(given.dtype).endswith("bfloat16"):  # which numpy does not have
                given = given.float()
        return np.asarray(given)
    except ValueError as error:
        text = (
            f"expected {name} as one array, got rows of different lengths? pad them and pass a mask: {error}"
        )
        raise ValueError(text) from None
    except (TypeError, RuntimeError) as error:  # of a sparse tensor, or one without data
        raise ValueError(f"expected {name} as one dense array, got {type(given).__name__}: {error}") from None


def root_mean_square(values: Array, mask: Mask | None = None) -> Array:
    """The root mean square length of the visible rows: values (..., n, d), mask (..., n) -> (...,).

    Values are scaled by their largest entry where a square might overflow, or vanish and pass for zero.
    """
    shown = values if mask is None else np.where(mask[..., None], values, 0.0)
    count = values.shape[-2] if mask is None else mask.sum(axis=-1)
    unit = np.maximum(shown.max(axis=(-2, -1), initial=0.0), -shown.min(axis=(-2, -1), initial=0.0))
    unit = np.where(unit > 0, unit, 1.0)
    if unit.min(initial=1.0) > 1e-100 and unit.max(initial=1.0) < 1e100:
        unit = np.ones_like(unit)
    else:
        shown = shown / unit[..., None, None]
    return np.asarray(np.sqrt(np.einsum("...ni,...ni->...", shown, shown) / count) * unit)


def lengths(rows: Array) -> Array:
    """Euclidean lengths of rows (..., d) -> (...,), whose squares may overflow or vanish.

    Rows are scaled by powers of two, so the length of `2^k x` is 2^k times that of x to the last bit.
    """
    largest = np.abs(rows).max(axis=-1, initial=0.0)
    if largest.max(initial=0.0) < 1e100 and largest.min(initial=1.0) > 1e-100:
        return np.asarray(np.linalg.norm(rows, axis=-1))
    power = np.frexp(largest)[1]
    return np.asarray(np.ldexp(np.linalg.norm(np.ldexp(rows, -power[..., None]), axis=-1), power))


def admitted(array: Array, seen: Mask | None, name: str) -> Array:
    """The array, zero where masked. Raises ValueError for what is not finite, or too large to subtract."""
    if seen is not None:
        array = np.where(seen[..., None], array, 0.0)
    if np.vdot(array, array) < LARGEST:  # so all are finite, and less than its root; NaN is not
        return array
    low, high = array.min(initial=0.0), array.max(initial=0.0)
    if not (low >= -LARGEST and high <= LARGEST):  # NaN passes neither
        require(bool(np.isfinite(array).all()), f"finite {name}", "NaN or infinity")
        require(
            False, f"{name} of size at most {LARGEST:g}", f"{max(high, -low):g}: scale them all by one factor"
        )
    return array


def large_enough(rows: Array, name: str) -> Array:
    """The rows (b, n, f). Raises ValueError where those of a problem are too small, and not all 0."""
    if len(rows) == 1 and abs(rows.item(0)) >= SMALLEST:
        return rows
    flat = rows.reshape(len(rows), -1)
    tiny = np.abs(flat[:, 0]) < SMALLEST  # of all others the first entry is enough
    if not tiny.any():
        return rows
    size = np.abs(flat[tiny]).max(axis=1)
    small = (size > 0) & (size < SMALLEST)
    require(
        not small.any(),
        f"{name} all 0, or one of size at least {SMALLEST:g} in every problem",
        f"{size[small].min(initial=SMALLEST):g} at most: scale them all by one factor",
    )
    return rows
