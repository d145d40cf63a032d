"""How fast collisions are made, as ratios measured side by side in one run: `python benchmarks/collisions.py`.

CPU seconds of this process, one thread, best of several rounds that alternate between the contenders. Exits with 1
if a promised ratio is missed. Names of parts (`radon`, `closest`, `farthest`, `extreme`) run these alone.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import functools
import subprocess
import sys
import time
from collections.abc import Callable

import numpy as np
from ledger import Ledger, say
from numpy.typing import NDArray
from scipy.linalg import null_space
from scipy.optimize import linprog
from scipy.spatial.distance import pdist

from attnlab import metrics
from attnlab.attention import softmax_weights
from attnlab.collisions.extreme import Extreme
from attnlab.collisions.farthest import Farthest
from attnlab.collisions.radon import Radon
from attnlab.inputs.gaussian import Gaussian
from attnlab.shapes import Array, Collision, Mask, Sample
from attnlab.solvers.closest import closest
from attnlab.solvers.exchange import exchange
from attnlab.solvers.null_space import affine_basis
from attnlab.solvers.tableau import minimise

N, D = 64, 16
ROUNDS = 5
ONE_BY_ONE = 40
NULL_SPACE, LINPROG = 4.0, 20.0
"""How many times faster, at least: about half of what one core gave when it was written."""


def best_of(contenders: dict[str, tuple[Callable[[], object], int]]) -> dict[str, float]:
    """CPU seconds per instance of each contender: (a call, the instances it does)."""
    best = dict.fromkeys(contenders, np.inf)
    for _ in range(ROUNDS):
        for name, (call, instances) in contenders.items():
            began = time.process_time()
            call()
            best[name] = min(best[name], (time.process_time() - began) / instances)
    return best


def gap_as_it_was(pair: Collision) -> Array:
    """The check of a collision before it was made fast: every pattern with a copy of the values."""
    values = np.broadcast_to(pair.values[:, :1], pair.values.shape)
    largest = np.abs(values).max(axis=(1, 2, 3), initial=0.0)[:, None, None]
    unit = np.where(largest > 0, largest, 1.0)
    outputs = np.matmul(pair.patterns[..., None, :], values)[..., 0, :]
    difference = np.linalg.norm((outputs - outputs[:, :1]) / unit, axis=-1).max(axis=1)
    size = np.sqrt(((values / unit[..., None]) ** 2).sum(axis=-1).mean(axis=(1, 2)))
    return np.asarray(difference / np.where(size > 0, size, 1.0))


def closest_as_it_was(values: Array, mask: Mask) -> NDArray[np.int64]:
    """The closest pairs by all squared distances at once, as positions in the n x n table."""
    n = values.shape[1]
    values = values - values.mean(axis=1, keepdims=True)
    square = (values**2).sum(axis=2)
    distance = square[:, :, None] + square[:, None] - 2 * np.matmul(values, values.transpose(0, 2, 1))
    allowed = mask[:, :, None] & mask[:, None] & np.triu(np.ones((n, n), dtype=bool), 1)
    return np.asarray(np.where(allowed, distance, np.inf).reshape(len(values), -1).argmin(axis=1))


def farthest_as_it_was(weights: Array, sample: Sample, rng: np.random.Generator) -> Array:
    """(B,): the divergence reached by 8 starts of successive linear programmes, 20 at most for each share."""
    matrix = affine_basis(sample.values, sample.mask).transpose(0, 2, 1)
    a = np.repeat(weights[:, None], 8, axis=1)

    def move(b: Array, gain: Array) -> Array:
        size = np.abs(gain).max(axis=-1, keepdims=True)
        vertex = minimise(matrix, b, -gain / np.where(size > 0, size, 1.0))
        return np.asarray(vertex / vertex.sum(axis=-1, keepdims=True))

    b = move(a, rng.standard_normal(a.shape) / np.sqrt(np.maximum(a, 1e-12)))
    reached = metrics.jsd_bits(a, b)
    for share in (0.95, 0.5):
        before = np.full(reached.shape, -1.0)
        for _ in range(20):
            mixed = share * a + (1 - share) * b
            now = metrics.jsd_bits(a, mixed)
            if not (now > before + 1e-9).any():
                break
            before = np.maximum(now, before)
            b = move(b, np.log2(2 * mixed / (a + mixed)))
            reached = np.maximum(metrics.jsd_bits(a, b), reached)
    return np.asarray(reached.max(axis=1))


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


def radon(ledger: Ledger) -> None:
    """10,000 certified pairs; what of that is the check."""
    many = Gaussian(n=N, d=D, e=D)(10_000, np.random.default_rng(0))
    flat = np.full((10_000, N), 1 / N)
    pair = Radon()(flat, many, np.random.default_rng(1))
    seconds = best_of(
        {
            "whole": (lambda: Radon()(flat, many, np.random.default_rng(1)), 10_000),
            "check": (lambda: Collision(pair.patterns, many.values, "simplex", pair.found), 10_000),
            "was": (lambda: gap_as_it_was(pair), 10_000),
            "null_space": (lambda: by_null_space(many, 300), 300),
        }
    )
    solve = seconds["whole"] - seconds["check"]
    ledger.figure("radon, us each", 1e6 * seconds["whole"])
    ledger.at_least(
        "radon against scipy.linalg.null_space", seconds["null_space"] / seconds["whole"], NULL_SPACE
    )
    ledger.figure("radon, the gap as it was against the whole check", seconds["was"] / seconds["check"])
    ledger.at_most("radon, the check in units of the solve", seconds["check"] / solve, 3.0)


MEMORY = """
import resource, numpy as np
from attnlab.collisions.extreme import Extreme
from attnlab.inputs.gaussian import Gaussian
sample = Gaussian(n=4096, d=64, e=1)(50, np.random.default_rng(0))
Extreme(pairs="closest")(np.full((50, 4096), 1 / 4096), sample, np.random.default_rng(0))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2)
"""


def closest_pair(ledger: Ledger) -> None:
    """The closest pair: time against all distances at once, memory of a large batch in a process of its own."""
    values = np.random.default_rng(0).standard_normal((2, 2048, 64))
    every = np.ones(values.shape[:2], dtype=bool)
    first, second = closest(values, every)
    assert (first * 2048 + second == closest_as_it_was(values, every)).all(), "another pair"
    seconds = best_of(
        {"now": (lambda: closest(values, every), 2), "was": (lambda: closest_as_it_was(values, every), 2)}
    )
    ledger.figure("closest pair (2048, 64), ms each", 1e3 * seconds["now"])
    ledger.at_most("closest pair, against all distances at once", seconds["now"] / seconds["was"], 1.3)
    done = subprocess.run([sys.executable, "-c", MEMORY], capture_output=True, text=True, check=True)
    ledger.at_most("extreme, closest pairs, n = 4096, batch 50, peak GiB", float(done.stdout), 1.0)


def farthest(ledger: Ledger) -> None:
    """The search against the one before it, in time and in what it reaches."""
    for n, d, trials, rounds, most in ((64, 16, 10, 2, 1.0), (512, 64, 2, 1, 1 / 3)):
        rng = np.random.default_rng(0)
        sample = Gaussian(n=n, d=d, e=d)(trials, rng)
        scores = np.matmul(sample.keys, sample.queries[..., None])[..., 0] / np.sqrt(d)
        a = softmax_weights(scores, sample.mask)
        one = sample[np.arange(1)]
        Farthest(starts=1)(a[:1], one, rng), farthest_as_it_was(a[:1], one, rng)  # compile
        now, was, bits, bits_then = np.inf, np.inf, np.nan, np.nan
        for _ in range(rounds):
            began = time.process_time()
            pair = Farthest()(a, sample, np.random.default_rng(1))
            now = min(now, (time.process_time() - began) / trials)
            began = time.process_time()
            then = farthest_as_it_was(a, sample, np.random.default_rng(1))
            was = min(was, (time.process_time() - began) / trials)
            bits, bits_then = float(np.mean(np.asarray(pair.reached))), float(then.mean())
        ledger.figure(f"farthest ({n}, {d}), ms each", 1e3 * now)
        ledger.figure(f"farthest ({n}, {d}), bits reached", bits)
        ledger.at_most(f"farthest ({n}, {d}), against linear programmes", now / was, most)
        ledger.at_least(f"farthest ({n}, {d}), bits beyond those of linear programmes", bits - bits_then, 0.0)


def extreme(ledger: Ledger) -> None:
    """c* against linear programmes."""
    rng = np.random.default_rng(0)
    few = Gaussian(n=N, d=D, e=D)(500, rng)
    flat = np.full((500, N), 1 / N)
    every = np.ones((500, N), dtype=bool)
    first, second = np.zeros(500, dtype=np.int64), np.ones(500, dtype=np.int64)
    pairs = {"random": (first, second), "closest": closest_pairs(few.values)}
    for part in (Extreme(pairs="random"), Extreme(pairs="closest")):
        s, t = pairs[part.pairs]
        part(flat[:1], Gaussian(n=N, d=D, e=D)(1, rng), rng)  # compile
        seconds = best_of(
            {
                "extreme": (functools.partial(part, flat, few, rng), 500),
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


PARTS = {"radon": radon, "closest": closest_pair, "farthest": farthest, "extreme": extreme}


def main() -> int:
    """Seconds and ratios; returns the exit code."""
    ledger = Ledger("collisions")
    say(f"n = {N}, d = {D} where nothing else is said, one core, CPU time")
    for name in sys.argv[1:] or list(PARTS):
        PARTS[name](ledger)
    return ledger.close()


if __name__ == "__main__":
    sys.exit(main())
