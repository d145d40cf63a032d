"""The choice of a penalty on held-out groups."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from attnlab.probes.base import Reader
from attnlab.probes.scores import bits
from attnlab.probes.splits import split
from attnlab.shapes import Examples

PENALTIES = (1.0, 0.1, 0.01, 1e-3, 1e-4)
"""Ridge penalties on standardised inputs, per example, from the strongest down."""
VALIDATION = 0.25
"""Share of the training examples (whole groups) that chooses the penalty."""


def at_best_penalty(
    fit: Callable[[Examples, float], Reader], train: Examples, rng: np.random.Generator
) -> Reader:
    """The reader of all training examples at the penalty with the fewest bits on the validation groups.

    The path goes down from the strongest penalty and ends when the bits rise: on it the loss is first falling
    (underfit), then rising (overfit). With fewer than 8 examples, or with groups that cannot be split, there
    is nothing to choose by and the strongest penalty is taken.
    """
    try:
        kept, held = split(train.group, int(VALIDATION * len(train)), rng)
    except ValueError:
        return fit(train, PENALTIES[0])
    best, lowest = PENALTIES[0], np.inf
    for penalty in PENALTIES:
        loss = float(bits(fit(train[kept], penalty)(train[held]), train[held].goal).mean())
        if loss >= lowest:
            break
        best, lowest = penalty, loss
    return fit(train, best)
