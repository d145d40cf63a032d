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
COARSE = (0.1, 0.01, 1e-3)
"""The same for networks, whose fits cost more and whose early end penalises too."""
PATIENCE = 2
VALIDATION = 0.25
"""Share of the training examples (whole groups) that chooses the penalty."""


def at_best_penalty(
    fit: Callable[[Examples, float], Reader],
    train: Examples,
    rng: np.random.Generator,
    penalties: tuple[float, ...] = PENALTIES,
) -> Reader:
    """The reader of all training examples at the penalty with the fewest bits on the validation groups.

    The path goes down from the strongest penalty and ends when the bits have not improved PATIENCE times in a
    row. With fewer than 4 examples, or with groups that cannot be split, there is nothing to choose by and the
    strongest penalty is taken.
    """
    try:
        kept, held = split(train.group, int(VALIDATION * len(train)), rng)
    except ValueError:
        return fit(train, penalties[0])
    losses: list[float] = []
    for penalty in penalties:
        losses.append(float(bits(fit(train[kept], penalty)(train[held]), train[held].goal).mean()))
        if len(losses) - 1 - int(np.argmin(losses)) == PATIENCE:
            break
    return fit(train, penalties[int(np.argmin(losses))])
