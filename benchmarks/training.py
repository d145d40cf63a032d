"""Does one attention layer learn associative recall over 32 positions, by attending to them, and in what time?

Run with: OMP_NUM_THREADS=2 python benchmarks/training.py   (needs the extra `torch`)
"""

from __future__ import annotations

import time

import numpy as np

from attnlab.projections.models.trained_attention import TrainedAttention
from attnlab.projections.tasks.associative_recall import AssociativeRecall

LIMIT, SKILL, SEEDS, HELD = 180.0, 0.99, 5, 5000


def main() -> None:
    """Five seeds: accuracy and attention on new episodes, and the time of each training."""
    task, model = AssociativeRecall(n=32), TrainedAttention()
    for seed in range(SEEDS):
        began = time.perf_counter()
        layer = model.train(task, 1.0, seed)
        spent = time.perf_counter() - began
        episodes = task(HELD, np.random.default_rng(1_000_000 + seed))
        seen = layer(episodes)
        right = float((seen.answer == episodes.answer).mean())
        attends = float((seen.weights[:, 0].argmax(axis=1) == episodes.position).mean())
        met = min(right, attends) >= SKILL and spent < LIMIT
        print(
            f"seed {seed}: {spent:.1f} s (limit {LIMIT:.0f}), accuracy {right:.4f}, attention at the right place "
            f"{attends:.4f} on {HELD} new episodes (both at least {SKILL}): {'met' if met else 'MISSED'}"
        )


if __name__ == "__main__":
    main()
