"""From the output alone to the position, by multinomial logistic regression."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from attnlab.probes.base import Probe, Reader, hedged
from attnlab.probes.penalty_path import at_best_penalty
from attnlab.probes.targets import labelled
from attnlab.shapes import Array, Examples


@dataclass(frozen=True)
class OutputLinear(Probe):
    """`p = softmax(W o + c)`: reads the position off fixed directions of the output.

    The penalty is chosen on held-out groups. Where the goal is not one position, each training example is
    labelled by one drawn from it, which leaves the expected cross-entropy as it is.
    """

    says: ClassVar[str] = "a linear reader of the output"

    def fit(self, train: Examples, rng: np.random.Generator) -> Reader:
        size = float(np.sqrt((train.outputs**2).mean())) or 1.0

        def fit(examples: Examples, penalty: float) -> Reader:
            return _logit(examples.outputs / size, examples.target, penalty, size)

        return at_best_penalty(fit, labelled(train, rng), rng)


def _logit(inputs: Array, labels: np.ndarray, penalty: float, size: float) -> Reader:
    from sklearn.linear_model import LogisticRegression  # loads slowly: only where a probe learns

    seen = len(labels)
    classes = np.unique(labels)
    if classes.size == 1:  # nothing to separate: always that position
        model = None
    else:
        model = LogisticRegression(C=1 / (penalty * seen), tol=1e-6, max_iter=300)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # the step cap, and few examples for the classes
            model.fit(inputs, labels)

    def read(examples: Examples) -> Array:
        scores = np.zeros(examples.mask.shape)
        scores[:, classes] = 1.0 if model is None else model.predict_proba(examples.outputs / size)
        return hedged(scores, examples.mask, seen)

    return read
