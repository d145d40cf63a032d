"""Rounding to the formats that outputs are stored in: IEEE 754, and bfloat16, 8 bits with the range of float32."""

from __future__ import annotations

from typing import Literal

import numpy as np

from attnlab.shapes import Array, Mask

Format = Literal["float32", "float16", "bfloat16"]
BITS: dict[Format, int] = {"float32": 24, "float16": 11, "bfloat16": 8}
"""Significant binary digits."""
EXPONENTS: dict[Format, tuple[int, int]] = {
    "float32": (-126, 127),
    "float16": (-14, 15),
    "bfloat16": (-126, 127),
}
"""The exponents of the least and the largest normal numbers."""


def round_to(numbers: Array, format: Format) -> Array:
    """Round to nearest, ties to even, to the format's significand; the exponent is left unbounded."""
    fraction, exponent = np.frexp(numbers)
    scale = 2.0 ** BITS[format]
    return np.asarray(np.ldexp(np.rint(fraction * scale) / scale, exponent))


def stored(numbers: Array, format: Format) -> Array:
    """What the format holds of these numbers: below the least normal one the steps stay as they are above it.

    No number becomes infinite: those beyond the `largest` are for the caller to refuse.
    """
    least = 2.0 ** EXPONENTS[format][0]
    step = least * 2.0 ** (1 - BITS[format])
    return np.where(np.abs(numbers) < least, step * np.rint(numbers / step), round_to(numbers, format))


def largest(format: Format) -> float:
    """The largest finite number of the format."""
    return float(2.0 ** EXPONENTS[format][1] * (2 - 2.0 ** (1 - BITS[format])))


def in_range(numbers: Array, format: Format) -> Mask:
    """(B,): True where all entries (B, d) are zero or normal numbers of the format."""
    size = np.abs(numbers)
    normal = (size >= 2.0 ** EXPONENTS[format][0]) & (size <= largest(format))
    return np.asarray(((size == 0) | normal).all(axis=1))
