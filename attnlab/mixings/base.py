"""The contract of whatever makes one vector of the outputs of several heads."""

from __future__ import annotations

import abc
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from attnlab.contracts import BrokenContract, numbers, told
from attnlab.parts import Part
from attnlab.shapes import Array


def _mixture(part: Part, result: object, heads: int, d: int, trials: int, *_: object, **__: object) -> Array:
    """A mixture (B, r, h d), finite, r of its own choice."""
    if not isinstance(result, np.ndarray) or result.ndim != 3:
        raise BrokenContract(part, f"a mixture ({trials}, r, {heads * d})", told(result))
    return numbers(part, result, (trials, result.shape[1], heads * d), "a mixture")


@dataclass(frozen=True)
class Mixing(Part, abc.ABC):
    """Takes the outputs of h heads of d value dimensions to what is sent on, `y = M (o_1, .., o_h)`.

    Law: `mixture(heads, d, trials, rng)` is M (B, r, h d), finite, a function of its settings and the generator
    alone; the columns of any s heads have rank min(r, s d): no head stands in another's way more than it must.
    Raises Declined where h heads of d dimensions cannot be mixed so.
    """

    promises: ClassVar = {"mixture": _mixture}

    @abc.abstractmethod
    def mixture(self, heads: int, d: int, trials: int, rng: np.random.Generator) -> Array:
        """M (B, r, h d), one for every trial."""
