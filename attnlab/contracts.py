"""What a wing promises of the results of its members, checked where they are handed on, for anyone's members.

A base class names, for each method of its contract, a promise: a function of the part, the result and the
arguments that returns the result to hand on, or raises BrokenContract. Members, a user's own included, are held to
it without a line of their own (`attnlab.parts.Part`).
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

SUM_OFF = 1e-9
"""Weights whose sum is off by more are no weights."""
Kind = TypeVar("Kind")


class BrokenContract(ValueError):
    """A part returned what its contract excludes; the sentence names the part and what was expected."""

    def __init__(self, part: object, expected: str, got: object) -> None:
        super().__init__(f"{type(part).__name__}: expected {expected}, got {got}")


def held(method: Callable[..., Any], promise: Callable[..., Any]) -> Callable[..., Any]:
    """The method, whose results keep the promise; what else goes wrong in it names the part as well.

    Arrays it is given are read-only: a part that writes into them would change what the others measure.
    """

    @functools.wraps(method)
    def checked(part: Any, *args: Any, **named: Any) -> Any:
        args = tuple(map(_given, args))
        named = {name: _given(value) for name, value in named.items()}
        try:
            result = method(part, *args, **named)
        except ValueError as error:
            if type(error) is not ValueError:  # a kind of its own speaks for itself
                raise
            raise _named(part, error) from error
        return promise(part, result, *args, **named)

    return checked


def read_only(array: NDArray[Any]) -> NDArray[Any]:
    """A view of the array that cannot be written to; the array itself stays as it is."""
    view = array.view()
    view.flags.writeable = False
    return view


def freeze(held: object) -> None:
    """Every array that a frozen dataclass holds becomes a read-only view."""
    for name, value in vars(held).items():
        if isinstance(value, np.ndarray):
            object.__setattr__(held, name, read_only(value))


def _given(value: Any) -> Any:
    return read_only(value) if isinstance(value, np.ndarray) else value


def _named(part: object, error: ValueError) -> BrokenContract:
    told = BrokenContract(part, "", "")
    mend = ": others are given the same array; change a copy of it" if "read-only" in str(error) else ""
    told.args = (f"{type(part).__name__}: {error}{mend}",)
    return told


def instance(part: object, result: Any, kind: type[Kind]) -> Kind:
    """The result, if it is of this kind."""
    if not isinstance(result, kind):
        raise BrokenContract(part, f"{_article(kind.__name__)} {kind.__name__}", told(result))
    return result


def numbers(part: object, result: Any, shape: tuple[int, ...], what: str) -> np.ndarray:
    """The result, if it is a real array of this shape without NaN or infinity."""
    words = f"{what} {_shape(shape)}"
    if not isinstance(result, np.ndarray) or result.dtype.kind not in "fiub":
        raise BrokenContract(part, words, told(result))
    if result.shape != shape:
        raise BrokenContract(part, words, f"shape {_shape(result.shape)}")
    finite = np.isfinite(result)
    if not finite.all():
        bad = int((~finite).reshape(len(result), -1).any(axis=1).sum())
        raise BrokenContract(part, f"finite {words}", f"NaN or infinity in {bad} of {len(result)} rows")
    return result


def on_simplex(part: object, result: Any, mask: np.ndarray, what: str) -> np.ndarray:
    """The result (B, n), if every row is nonnegative, sums to 1 and is zero where the mask (B, n) is False."""
    found = numbers(part, result, mask.shape, what)
    lowest = float(found.min(initial=0.0))
    if lowest < 0:
        raise BrokenContract(part, f"nonnegative {what}", lowest)
    off = float(np.abs(found.sum(axis=1) - 1).max(initial=0.0))
    if off > SUM_OFF:
        raise BrokenContract(part, f"{what} that sum to 1", f"a sum off by {off:g}")
    if found[~mask].any():
        raise BrokenContract(part, f"no {what} at masked positions", "some")
    return found


def told(result: Any) -> str:
    """What came, in words: its kind, and of an array its shape and its type."""
    if isinstance(result, np.ndarray):
        return f"an array {_shape(result.shape)} of {result.dtype}"
    return "None" if result is None else f"{_article(type(result).__name__)} {type(result).__name__}"


def _shape(shape: tuple[int, ...]) -> str:
    return f"({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})"


def _article(noun: str) -> str:
    return "an" if noun[:1].lower() in "aeiou" else "a"
