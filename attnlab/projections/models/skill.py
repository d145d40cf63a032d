"""Whether a trained layer has learned its task, and by attending where it should."""

from __future__ import annotations

import numpy as np

from attnlab.intervals import Measure
from attnlab.projections.models.base import Observed
from attnlab.projections.tasks.base import NOWHERE, Episodes
from attnlab.shapes import Array, Row

LEARNED = 0.99
"""Accuracy, and share of episodes whose attention peaks at the right position, from which a task is learned."""
MEASURES = {
    "learned": Measure(whole=True),
    **dict.fromkeys(("attends", "task_accuracy"), Measure(0.0, 1.0, share=True, whole=True)),
}


def most_right_head(observed: Observed, episodes: Episodes) -> int:
    """The head with the most weight on the right position; the first where there is none."""
    told = episodes.position != NOWHERE
    right = observed.weights[told, :, episodes.position[told]]  # (episodes told, heads)
    return int(right.mean(axis=0).argmax()) if len(right) else 0


def skill(observed: Observed, episodes: Episodes, a: Array) -> Row:
    """Is the task learned, and by attending where it should? a (B, n): the weights of the head that is looked at.

    No `attends` where the task has no right position.
    """
    right = observed.answer == episodes.answer
    told = episodes.position != NOWHERE
    if not told.any():
        return {"task_accuracy": right, "learned": np.array([right.mean() >= LEARNED])}
    attends = a.argmax(axis=1)[told] == episodes.position[told]
    both = min(right.mean(), attends.mean()) >= LEARNED
    return {"task_accuracy": right, "attends": attends, "learned": np.array([both])}
