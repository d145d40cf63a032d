"""A W_O with fewer rows than the heads have dimensions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from attnlab.mixings.base import Mixing
from attnlab.parts import Count, Declined
from attnlab.shapes import Array


@dataclass(frozen=True)
class Narrow(Mixing):
    """`y = W_O (o_1, .., o_h)` with W_O (width, h d), entries N(0, 1/(h d)), fresh in every trial.

    Declines a width that is no less than h d.
    """

    width: Count = 12

    @property
    def says(self) -> str:  # type: ignore[override]  # constant in most parts
        """The words of these settings."""
        return f"a W_O to {self.width} dimensions"

    def mixture(self, heads: int, d: int, trials: int, rng: np.random.Generator) -> Array:
        whole = heads * d
        if self.width >= whole:
            raise Declined(f"W_O to {self.width} dimensions is not narrower than {heads} heads of {d}")
        return rng.standard_normal((trials, self.width, whole)) / np.sqrt(whole)
