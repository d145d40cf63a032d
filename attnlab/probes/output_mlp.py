"""From the output alone to the position, by a network with one hidden layer."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from attnlab.parts import Count
from attnlab.probes.base import Probe, Reader, hedged
from attnlab.probes.penalty_path import COARSE, at_best_penalty
from attnlab.probes.targets import labelled
from attnlab.shapes import Array, Examples

if TYPE_CHECKING:
    from sklearn.neural_network import MLPClassifier


@dataclass(frozen=True)
class OutputMlp(Probe):
    """`p = softmax(W relu(A o + b) + c)`: reads the position off the output by any smooth rule.

    hidden: its units. The penalty is chosen on held-out groups; goals that are not one position are drawn
    from, as for the linear probe.
    """

    says: ClassVar[str] = "a network on the output"

    hidden: Count = 32

    def fit(self, train: Examples, rng: np.random.Generator) -> Reader:
        from sklearn.neural_network import MLPClassifier  # loads slowly: only where a probe learns

        size = float(np.sqrt((train.outputs**2).mean())) or 1.0
        start = int(rng.integers(2**31))

        def fit(examples: Examples, penalty: float) -> Reader:
            model = MLPClassifier(
                (self.hidden,),
                solver="lbfgs",
                alpha=penalty * len(examples),
                max_iter=80,
                random_state=start,
            )
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", UserWarning)  # the step cap, and few examples for the classes
                model.fit(examples.outputs / size, examples.target)
            return _reader(model, size, len(examples))

        return at_best_penalty(fit, labelled(train, rng), rng, COARSE)


def _reader(model: MLPClassifier, size: float, seen: int) -> Reader:
    def read(examples: Examples) -> Array:
        scores = np.zeros(examples.mask.shape)
        certain = len(model.classes_) == 1  # all it has seen: scikit-learn answers for two classes there
        scores[:, model.classes_] = 1.0 if certain else model.predict_proba(examples.outputs / size)
        return hedged(scores, examples.mask, seen)

    return read
