"""How fast collisions are made, as ratios measured side by side in one run: `python benchmarks/collisions.py`.

CPU seconds of this process, one thread, best of several rounds that alternate between the contenders. Exits with 1
if a promised ratio is missed; a promise is about half of what one core gave when it was written.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import functools
import sys
import time
from collections.abc import Callable

import numpy as np
from ledger import Ledger, say
from numpy.typing import NDArray
from scipy.linalg import null_space
from scipy.optimize import linprog
from scipy.spatial.distance import pdist

from attnlab.collisions.extreme import Extreme
from attnlab.collisions.radon import Radon
from attnlab.inputs.gaussian import Gaussian
from attnlab.shapes import Array, Sample
from attnlab.solvers.exchange import exchange

N, D = 64, 16
ROUNDS = 5
ONE_BY_ONE = 40
NULL_SPACE, LINPROG = 4.0, 20.0
"""How many times faster, at least."""


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


def one_by_one(
    programme: Callable[[Array, int, int], float], values: Array, s: NDArray[np.int64], t: NDArray[np.int64]
) -> None:
    """Solve the first few instances, one call each."""
    for b in range(ONE_BY_ONE):
        programme(values[b], int(s[b]), int(t[b]))


def closest_pairs(values: Array) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The two positions of each trial whose values are nearest, by all distances."""
    found = [np.argsort(pdist(rows))[0] for rows in values]
    first, second = np.triu_indices(N, 1)
    return first[found], second[found]


def main() -> int:
    """Seconds and ratios; returns the exit code."""
    ledger = Ledger("collisions")
    rng = np.random.default_rng(0)
    few, many = Gaussian(n=N, d=D, e=D)(500, rng), Gaussian(n=N, d=D, e=D)(10_000, rng)
    flat = np.full((10_000, N), 1 / N)
    radon = best_of(
        {
            "radon": (lambda: Radon()(flat, many, np.random.default_rng(1)), 10_000),
            "null_space": (lambda: by_null_space(many, 300), 300),
        }
    )
    say(f"n = {N}, d = {D}, one core, CPU time")
    ledger.figure("radon, us each", 1e6 * radon["radon"])
    ledger.at_least("radon against scipy.linalg.null_space", radon["null_space"] / radon["radon"], NULL_SPACE)
    every = np.ones((500, N), dtype=bool)
    first, second = np.zeros(500, dtype=np.int64), np.ones(500, dtype=np.int64)
    pairs = {"random": (first, second), "closest": closest_pairs(few.values)}
    for part in (Extreme(pairs="random"), Extreme(pairs="closest")):
        s, t = pairs[part.pairs]
        part(flat[:1], Gaussian(n=N, d=D, e=D)(1, rng), rng)  # compile
        seconds = best_of(
            {
                "extreme": (functools.partial(part, flat[:500], few, rng), 500),
                "given": (functools.partial(exchange, few.values, every, s, t), 500),
                "half": (functools.partial(one_by_one, half_programme, few.values, s, t), ONE_BY_ONE),
                "whole": (functools.partial(one_by_one, whole_programme, few.values, s, t), ONE_BY_ONE),
            }
        )
        for name, words in (("extreme", "chosen, solved, certified"), ("given", "given, solved alone")):
            each, what = seconds[name], f"extreme, {part.pairs} pairs, {words}"
            ledger.figure(f"{what}, us each", 1e6 * each)
            ledger.at_least(f"{what}, against linprog as stated", seconds["whole"] / each, LINPROG)
            ledger.figure(f"{what}, against linprog of half the size", seconds["half"] / each)
    return ledger.close()


if __name__ == "__main__":
    sys.exit(main())
