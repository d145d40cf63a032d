"""Independent standard Gaussian queries, keys and values, fresh in every trial."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from attnlab.inputs.base import Inputs
from attnlab.shapes import Sample


@dataclass(frozen=True)
class Gaussian(Inputs):
    """Entries of q, K and V independent N(0, 1): the generic case, for which the exact laws are stated."""

    says: ClassVar[str] = "independent Gaussian values"
    exchangeable: ClassVar[bool] = True

    generic_values: ClassVar[bool] = True
    density: ClassVar[bool] = True

    def least_bytes(self, trials: int) -> int:
        return self.bytes_of_floats(trials)

    def __call__(self, trials: int, rng: np.random.Generator) -> Sample:
        return Sample(
            queries=rng.standard_normal((trials, self.e)),
            keys=rng.standard_normal((trials, self.n, self.e)),
            values=rng.standard_normal((trials, self.n, self.d)),
        )
