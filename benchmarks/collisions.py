"""How fast collisions are made, as ratios measured side by side in one run: `python benchmarks/collisions.py`.

CPU seconds of this process, one thread, best of several rounds that alternate between the contenders.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import functools
import time
from collections.abc import Callable

import numpy as np
from scipy.linalg import null_space
from scipy.optimize import linprog

from attnlab.collisions.extreme import Extreme
from attnlab.collisions.radon import Radon
from attnlab.inputs.gaussian import Gaussian
from attnlab.shapes import Array, Sample

N, D = 64, 16
ROUNDS = 5


def best_of(contenders: dict[str, tuple[Callable[[], object], int]]) -> dict[str, float]:
    """CPU seconds per instance of each contender: (a call, the instances it does)."""
    best = dict.fromkeys(contenders, np.inf)
    for _ in range(ROUNDS):
        for name, (call, instances) in contenders.items():
            began = time.process_time()
            call()
            best[name] = min(best[name], (time.process_time() - began) / instances)
    return best


def by_null_space(sample: Sample, count: int) -> None:
    """Radon pairs with scipy.linalg.null_space on all n rows."""
    for b in range(count):
        z = null_space(np.vstack([sample.values[b].T, np.ones(N)]))[:, 0]
        np.maximum(z, 0) / np.maximum(z, 0).sum(), np.maximum(-z, 0) / np.maximum(-z, 0).sum()


def half_programme(values: Array, s: int, t: int) -> float:
    """c* by one linprog call on the half-size programme: min |h|_1, h split in two signs."""
    rows = np.vstack([values.T, np.ones(N)])
    solved = linprog(
        np.ones(2 * N), A_eq=np.hstack([rows, -rows]), b_eq=rows[:, s] - rows[:, t], bounds=(0, None)
    )
    assert solved.fun is not None, solved.message
    return 2 / (2 + solved.fun)


def whole_programme(values: Array, s: int, t: int) -> float:
    """c* by one linprog call on the programme as it is stated: max c over a, b, c."""
    equal = np.zeros((D + 2, 2 * N + 1))
    equal[:D, :N], equal[:D, N : 2 * N] = values.T, -values.T
    equal[D, :N] = equal[D + 1, N : 2 * N] = 1.0
    above = np.zeros((2, 2 * N + 1))
    above[0, s] = above[1, N + t] = -1.0
    above[:, -1] = 1.0
    cost = np.zeros(2 * N + 1)
    cost[-1] = -1.0
    right = np.concatenate([np.zeros(D), np.ones(2)])
    solved = linprog(cost, A_ub=above, b_ub=np.zeros(2), A_eq=equal, b_eq=right, bounds=(0, None))
    assert solved.fun is not None, solved.message
    return -solved.fun


def main() -> None:
    """Print seconds and ratios."""
    rng = np.random.default_rng(0)
    few, many = Gaussian(n=N, d=D, e=D)(500, rng), Gaussian(n=N, d=D, e=D)(10_000, rng)
    flat = np.full((10_000, N), 1 / N)
    radon = best_of(
        {
            "radon": (lambda: Radon()(flat, many, np.random.default_rng(1)), 10_000),
            "null_space": (lambda: by_null_space(many, 300), 300),
        }
    )
    print(f"n = {N}, d = {D}, one core, CPU time")
    print(f"radon, 10,000 certified pairs: {1e4 * radon['radon']:.2f} s")
    print(f"  scipy.linalg.null_space per instance: {radon['null_space'] / radon['radon']:.0f} times that")
    for part in (Extreme(pairs="random"), Extreme(pairs="closest")):
        part(flat[:1], Gaussian(n=N, d=D, e=D)(1, rng), rng)  # compile
        seconds = best_of(
            {
                "extreme": (functools.partial(part, flat[:500], few, rng), 500),
                "half": (lambda: [half_programme(few.values[b], 0, 1) for b in range(40)], 40),
                "whole": (lambda: [whole_programme(few.values[b], 0, 1) for b in range(40)], 40),
            }
        )
        each = seconds["extreme"]
        print(f"extreme, {part.pairs} pairs, certified: {1e6 * each:.0f} us each")
        print(f"  one linprog call, programme as stated: {seconds['whole'] / each:.0f} times that")
        print(f"  one linprog call, half-size programme: {seconds['half'] / each:.0f} times that")


if __name__ == "__main__":
    main()
