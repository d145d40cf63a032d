"""Does one attention layer learn associative recall over 32 positions, by attending to them, and in what time?

Run with: OMP_NUM_THREADS=2 python benchmarks/training.py   (needs the extra `torch`); exits with 1 if it does not.
"""

from __future__ import annotations

import sys
import time

import numpy as np
from ledger import Ledger, say

from attnlab.projections.models.trained_attention import TrainedAttention
from attnlab.projections.tasks.associative_recall import AssociativeRecall

LIMIT, SKILL, SEEDS, HELD = 180.0, 0.99, 5, 5000


def main() -> int:
    """Five seeds: accuracy and attention on new episodes, and the time of each training; returns the exit code."""
    ledger = Ledger("training")
    task, model = AssociativeRecall(n=32), TrainedAttention()
    for seed in range(SEEDS):
        began = time.perf_counter()
        layer = model.train(task, 1.0, seed)
        spent = time.perf_counter() - began
        episodes = task(HELD, np.random.default_rng(1_000_000 + seed))
        seen = layer(episodes)
        right = float((seen.answer == episodes.answer).mean())
        attends = float((seen.weights[:, 0].argmax(axis=1) == episodes.position).mean())
        say(f"seed {seed}, {HELD} new episodes")
        ledger.at_most(f"seconds, seed {seed}", spent, LIMIT)
        ledger.at_least(f"accuracy, seed {seed}", right, SKILL)
        ledger.at_least(f"attention at the right place, seed {seed}", attends, SKILL)
    return ledger.close()


if __name__ == "__main__":
    sys.exit(main())
