"""Rounding to the formats that outputs are stored in.

IEEE 754; bfloat16, 8 significant bits with the range of float32; the two 8-bit floats of Micikevicius et al. 2022
(FP8 formats for deep learning, arXiv 2209.05433); whole numbers of 8 and 4 bits over a scale of every row.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from attnlab.shapes import Array, Mask

Format = Literal["float32", "float16", "bfloat16"]
Floating = Literal["float32", "float16", "bfloat16", "float8-e5m2", "float8-e4m3"]
Whole = Literal["int8", "int4"]
BITS: dict[Floating, int] = {"float32": 24, "float16": 11, "bfloat16": 8, "float8-e5m2": 3, "float8-e4m3": 4}
"""Significant binary digits."""
EXPONENTS: dict[Floating, tuple[int, int]] = {
    "float32": (-126, 127),
    "float16": (-14, 15),
    "bfloat16": (-126, 127),
    "float8-e5m2": (-14, 15),
    "float8-e4m3": (-6, 8),
}
"""The exponents of the least and the largest normal numbers."""
TAKEN: dict[Floating, int] = {"float8-e4m3": 1}
"""How many numbers at the upper end stand for something else: NaN, where the format has no infinity."""
STEPS: dict[str, int] = {"int8": 127, "int4": 7}
"""The largest whole number; its negative is the least, so that zero lies in the middle."""


def round_to(numbers: Array, format: Floating) -> Array:
    """Round to nearest, ties to even, to the format's significand; the exponent is left unbounded."""
    fraction, exponent = np.frexp(numbers)
    scale = 2.0 ** BITS[format]
    return np.asarray(np.ldexp(np.rint(fraction * scale) / scale, exponent))


def stored(numbers: Array, format: Floating) -> Array:
    """What the format holds of these numbers: below the least normal one the steps stay as they are above it.

    No number becomes infinite: those beyond the `largest` are for the caller to refuse.
    """
    least = 2.0 ** EXPONENTS[format][0]
    step = least * 2.0 ** (1 - BITS[format])
    return np.where(np.abs(numbers) < least, step * np.rint(numbers / step), round_to(numbers, format))


def whole_steps(rows: Array, steps: int) -> Array:
    """The rows (..., d) in whole steps of their own: a row's is its largest entry over `steps`.

    Symmetric, without an offset; the largest entry is held exactly, and any other moves by half a step at most.
    """
    most = np.abs(rows).max(axis=-1, keepdims=True, initial=0.0)
    unit = np.where(most > 0, most, 1.0)
    return np.asarray(np.rint(rows / unit * steps) / steps * unit)


def largest(format: Floating) -> float:
    """The largest finite number of the format."""
    step = 2.0 ** (1 - BITS[format])
    return float(2.0 ** EXPONENTS[format][1] * (2 - (1 + TAKEN.get(format, 0)) * step))


def in_range(numbers: Array, format: Floating) -> Mask:
    """(B,): True where all entries (B, d) are zero or normal numbers of the format."""
    size = np.abs(numbers)
    normal = (size >= 2.0 ** EXPONENTS[format][0]) & (size <= largest(format))
    return np.asarray(((size == 0) | normal).all(axis=1))


def box(numbers: Array, format: Format) -> Array | None:
    """The least and the largest that round to what these numbers (d,) do, (d, 2); None beyond the format.

    Both ends count as inside: which way a tie goes moves neither.
    """
    held = stored(numbers, format)
    if np.abs(held).max(initial=0.0) > largest(format):
        return None
    least = EXPONENTS[format][0]
    exponent = np.where(held == 0, least, np.maximum(np.frexp(held)[1] - 1, least))
    half = np.ldexp(0.5, exponent - (BITS[format] - 1))
    # Below a power of two the numbers are twice as dense, but for the least normal one and zero.
    inner = np.where((np.abs(held) == np.ldexp(1.0, exponent)) & (exponent > least), half / 2, half)
    below, above = np.where(held > 0, inner, half), np.where(held < 0, inner, half)
    return np.stack([held - below, held + above], axis=-1)
