"""Identifiability at speed: every ratio measured side by side in one run, on one core.

python benchmarks/identifiability.py speed        kernels against scipy.optimize.linprog (and cvxpy)
python benchmarks/identifiability.py agreement    20,000 instances against a linear programme
python benchmarks/identifiability.py million      a million uniqueness tests at (32, 8): time and memory
python benchmarks/identifiability.py compile      CPU seconds to first use, cold and from the cache

Without a name all of them. Exits with 1 if a promise is missed.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import importlib.util
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable

import numpy as np
from joblib import Parallel, delayed
from ledger import Ledger, say
from scipy.special import softmax

from attnlab.identifiability import fibre_intervals, is_unique
from attnlab.oracles.ensembles import ENSEMBLES, instance
from attnlab.oracles.programmes import (
    intervals_by_programmes,
    is_face_exactly,
    is_unique_by_programme,
    is_unique_exactly,
    mass_off_support,
)
from attnlab.shapes import Array

SIZES = ((8, 4), (16, 6), (32, 8), (64, 16), (128, 32))
CHUNK = 20_000
UNIQUE = {(8, 4, 2): 400, (32, 8, 3): 400, (64, 16, 6): 200, (128, 32, 10): 100, (512, 64, 12): 50}
FIBRE = {(8, 4): 3000, (32, 8): 600, (64, 16): 60, (128, 32): 20}
"""How many times faster than linprog, at least: about a third of what one core gave when it was written."""


def best(kernel: Callable[[Array, Array], object], a: Array, v: Array) -> float:
    """Seconds per instance of a batched kernel: the best of three calls."""
    times = []
    for _ in range(3):
        start = time.perf_counter()
        kernel(a, v)
        times.append(time.perf_counter() - start)
    return min(times) / len(a)


def each(solver: Callable[[Array, Array], object], a: Array, v: Array, instances: int) -> float:
    """Seconds per instance of a solver that takes one at a time."""
    start = time.perf_counter()
    for i in range(instances):
        solver(a[i], v[i])
    return (time.perf_counter() - start) / instances


def draw(trials: int, n: int, d: int, k: int, rng: np.random.Generator) -> tuple[Array, Array]:
    """Weights on k random positions and Gaussian values."""
    order = np.argsort(rng.random((trials, n)), axis=1)
    return (order < k) / k, rng.standard_normal((trials, n, d))


def programme(a: Array, v: Array) -> float:
    """The linear programme of the same question, through scipy.optimize.linprog."""
    return mass_off_support(a > 0, v)


def programme_in_cvxpy(a: Array, v: Array) -> float:
    """The same programme written in cvxpy."""
    import cvxpy as cp

    x = cp.Variable(len(v), nonneg=True)
    even = (a > 0) / (a > 0).sum()
    off = cp.sum(x[np.flatnonzero(a == 0)])
    return float(cp.Problem(cp.Maximize(off), [v.T @ x == v.T @ even, cp.sum(x) == 1]).solve())


def speed(ledger: Ledger) -> None:
    """Microseconds per instance and ratios."""
    rng = np.random.default_rng(0)
    for (n, d, k), bound in UNIQUE.items():
        a, v = draw(max(60, 4_000_000 // (n * n * d)), n, d, k, rng)
        is_unique(a[:2], v[:2])
        ours, few = best(is_unique, a, v), 5 if n > 200 else 30
        what = f"is_unique ({n},{d},k={k})"
        ledger.figure(f"{what}, us", ours * 1e6)
        ledger.at_least(f"{what} against linprog", each(programme, a, v, few) / ours, bound)
        if importlib.util.find_spec("cvxpy"):
            programme_in_cvxpy(a[0], v[0])
            ledger.figure(f"{what} against cvxpy", each(programme_in_cvxpy, a, v, few) / ours)
    for ((n, d), bound), few in zip(FIBRE.items(), (10, 5, 3, 2), strict=True):
        v = rng.standard_normal((max(few, 4000 // (n * d)), n, d))
        a = softmax(rng.standard_normal(v.shape[:2]), axis=1)
        fibre_intervals(a[:2], v[:2])
        ours = best(fibre_intervals, a, v)
        ratio = each(intervals_by_programmes, a, v, few) / ours
        ledger.figure(f"fibre_intervals ({n},{d}), us", ours * 1e6)
        ledger.at_least(f"fibre_intervals ({n},{d}) against linprog", ratio, bound)


def agreement(ledger: Ledger, total: int = 20_000) -> None:
    """Verdicts against the programme; where they differ, and for some small ones, exact arithmetic decides.

    Near ties lie below the programme's tolerance. Beyond 16 positions an exactly checked hyperplane decides; a
    difference that it does not settle counts as open.
    """
    rng = np.random.default_rng(1)
    all_wrong = 0
    say(f"{'values':18s} instances unique undecided | programme differs: open | exact: checked wrong")
    for name, made in ENSEMBLES.items():
        count = unique = undecided = differs = unsettled = exact = wrong = 0
        for t in range(total // len(ENSEMBLES) + 1):
            n, d = SIZES[t % len(SIZES)]
            support, a, v = instance(made, n, d, int(rng.integers(1, max(2, d // 2) + 1)), rng)
            verdict = is_unique(a, v)
            count, unique, undecided = (
                count + 1,
                unique + int(verdict.unique),
                undecided + int(verdict.undecided),
            )
            if verdict.undecided:
                continue
            try:
                same = is_unique_by_programme(support, v) == bool(verdict.unique)
            except FloatingPointError:
                same = False
            differs += not same
            if n <= 16 and (t % 20 == 0 or not same):
                exact += 1
                wrong += is_unique_exactly(support, v) != bool(verdict.unique)
            elif not same and is_face_exactly(support, v):
                exact += 1
                wrong += not verdict.unique
            elif not same:
                unsettled += 1
        say(
            f"{name:18s} {count:9d} {unique:6d} {undecided:9d} | {differs:18d} {unsettled:5d} | "
            f"{exact:14d} {wrong:5d}"
        )
        ledger.figure(f"undecided of {count}, {name}", undecided)
        all_wrong += wrong
    ledger.at_most("verdicts that exact arithmetic contradicts", all_wrong, 0)


def chunk(seed: int) -> tuple[int, int, float]:
    """One piece of the million, drawn where it is used: unique, undecided, peak megabytes."""
    a, v = draw(CHUNK, 32, 8, 3, np.random.default_rng(seed))
    verdict = is_unique(a, v)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return int(verdict.unique.sum()), int(verdict.undecided.sum()), peak


def million(ledger: Ledger) -> None:
    """A million tests on two workers, seeds shipped instead of arrays; then one call on shared values."""
    start = time.perf_counter()
    done = Parallel(n_jobs=2)(delayed(chunk)(seed) for seed in range(1_000_000 // CHUNK))
    wall = time.perf_counter() - start
    unique, undecided = sum(row[0] for row in done), sum(row[1] for row in done)
    say(f"1,000,000 tests at (32,8,k=3) on 2 workers: unique {unique}, undecided {undecided}")
    ledger.figure("a million tests, drawing included, s on 2 workers", wall)
    ledger.at_most("a million tests, MB a worker", max(row[2] for row in done), 1000)
    rng = np.random.default_rng(0)
    a = np.zeros((1_000_000, 32))
    a[np.arange(len(a)), rng.integers(32, size=len(a))] = 1.0
    start = time.perf_counter()
    is_unique(a, rng.standard_normal((32, 8)))
    wall = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    ledger.figure("a million patterns over the same values in one call, s", wall)
    ledger.figure("a million patterns over the same values in one call, MB", peak)


FIRST_USE = """
import time
import numpy as np
from attnlab.identifiability import fibre_intervals, is_unique, top_certified
from attnlab.solvers.nnls import simplex_least_squares
from attnlab.solvers.tableau import minimise
loaded = time.process_time()
a, v = np.full((2, 9), 1 / 9), np.random.default_rng(0).standard_normal((2, 9, 3))
is_unique(a, v), fibre_intervals(a, v), top_certified(a, v), simplex_least_squares(v[:, 0], v)
minimise(np.swapaxes(v, 1, 2), a[:, None], a[:, None])
print(time.process_time() - loaded)
"""


def compile_(ledger: Ledger) -> None:
    """First use of all kernels in a fresh process, with an empty cache and then with the one it left."""
    seconds = {}
    with tempfile.TemporaryDirectory() as folder:
        for state in ("cold", "from the cache"):
            environment = {**os.environ, "NUMBA_CACHE_DIR": folder}
            done = subprocess.run(
                [sys.executable, "-c", FIRST_USE], env=environment, capture_output=True, text=True, check=True
            )
            seconds[state] = float(done.stdout)
            ledger.figure(f"first use, {state}, CPU-s", seconds[state])
    ledger.at_most("first use, from the cache against cold", seconds["from the cache"] / seconds["cold"], 0.5)


if __name__ == "__main__":
    book = Ledger("identifiability")
    parts = {"speed": speed, "agreement": agreement, "million": million, "compile": compile_}
    for name in sys.argv[1:] or list(parts):
        parts[name](book)
    sys.exit(book.close())
