"""Different attention maps on the same scores, compared at the same entropy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np

from attnlab.metrics import entropy_bits
from attnlab.parts import Between, Declined
from attnlab.shapes import Array, Sample
from attnlab.weights.base import Scored, Weights, score_gaps, tempered
from attnlab.weights.entmax15 import Entmax15
from attnlab.weights.softmax import Softmax
from attnlab.weights.sparsemax import Sparsemax

MAPS: dict[str, Scored] = {"softmax": Softmax(), "sparsemax": Sparsemax(), "entmax15": Entmax15()}
COLDEST, HOTTEST, HALVINGS = 1e-12, 1e12, 100


@dataclass(frozen=True)
class EqualEntropy(Weights):
    """Weights by `map`, each trial at the temperature that gives them an entropy of `log2 effective` bits.

    effective: the effective number of positions, between 1 (one-hot) and the visible positions (uniform), both
    exclusive. At one temperature a sparse map is also sharper; here only the shape of the weights differs. The
    entropy is continuous in the temperature, so bisection finds it to about 1e-9 bits.
    """

    equivariant: ClassVar[bool] = True
    sees_values: ClassVar[bool] = False
    map: Literal["softmax", "sparsemax", "entmax15"] = "softmax"
    effective: Annotated[float, Between(1, open_low=True)] = 4.0

    @property
    def positive(self) -> bool:  # type: ignore[override]  # constant in most parts
        """As the map."""
        return MAPS[self.map].positive

    @property
    def says(self) -> str:  # type: ignore[override]  # constant in most parts
        """The words of these settings."""
        return f"{MAPS[self.map].says}, all of one entropy"

    def __call__(self, sample: Sample, rng: np.random.Generator) -> Array:
        visible = int(sample.mask.sum(axis=1).min())
        if self.effective >= visible:
            raise Declined(f"{self.effective:g} effective positions need more visible ones, found {visible}")
        gaps, chosen = score_gaps(sample), MAPS[self.map]
        spread = -np.where(sample.mask, gaps, 0.0).min(axis=1, keepdims=True)
        if not spread.all():
            raise Declined("scores that are all equal give uniform weights at every temperature")
        low, high = np.log(COLDEST * spread), np.log(HOTTEST * spread)
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            weights = chosen.of_scores(tempered(gaps, np.exp(middle)), sample.mask)
            colder = entropy_bits(weights)[:, None] < np.log2(self.effective)
            low, high = np.where(colder, middle, low), np.where(colder, high, middle)
        return chosen.of_scores(tempered(gaps, np.exp(high)), sample.mask)
