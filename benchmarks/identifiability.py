"""Identifiability at speed: every ratio measured side by side in one run, on one core.

python benchmarks/identifiability.py speed        kernels against scipy.optimize.linprog (and cvxpy)
python benchmarks/identifiability.py agreement    20,000 instances against a linear programme
python benchmarks/identifiability.py million      a million uniqueness tests at (32, 8): time and memory
python benchmarks/identifiability.py compile      CPU seconds to first use, cold and from the cache
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


def speed() -> None:
    """Microseconds per instance and ratios."""
    rng = np.random.default_rng(0)
    for n, d, k in ((8, 4, 2), (32, 8, 3), (64, 16, 6), (128, 32, 10), (512, 64, 12)):
        a, v = draw(max(60, 4_000_000 // (n * n * d)), n, d, k, rng)
        is_unique(a[:2], v[:2])
        ours, few = best(is_unique, a, v), 5 if n > 200 else 30
        line = f"is_unique ({n},{d},k={k}) {ours * 1e6:8.1f} us  linprog {each(programme, a, v, few) / ours:6.0f}x"
        if importlib.util.find_spec("cvxpy"):
            programme_in_cvxpy(a[0], v[0])
            line += f"  cvxpy {each(programme_in_cvxpy, a, v, few) / ours:6.0f}x"
        print(line, flush=True)
    for n, d, few in ((8, 4, 10), (32, 8, 5), (64, 16, 3), (128, 32, 2)):
        v = rng.standard_normal((max(few, 4000 // (n * d)), n, d))
        a = softmax(rng.standard_normal(v.shape[:2]), axis=1)
        fibre_intervals(a[:2], v[:2])
        ours = best(fibre_intervals, a, v)
        ratio = each(intervals_by_programmes, a, v, few) / ours
        print(f"fibre_intervals ({n},{d})      {ours * 1e6:8.1f} us  linprog {ratio:6.0f}x", flush=True)


def agreement(total: int = 20_000) -> None:
    """Verdicts against the programme; where they differ, and for some small ones, exact arithmetic decides.

    Near ties lie below the programme's tolerance. Beyond 16 positions an exactly checked hyperplane decides; a
    difference that it does not settle counts as open.
    """
    rng = np.random.default_rng(1)
    print(f"{'values':18s} instances unique undecided | programme differs: open | exact: checked wrong")
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
        print(
            f"{name:18s} {count:9d} {unique:6d} {undecided:9d} | {differs:18d} {unsettled:5d} | "
            f"{exact:14d} {wrong:5d}",
            flush=True,
        )


def chunk(seed: int) -> tuple[int, int, float]:
    """One piece of the million, drawn where it is used: unique, undecided, peak megabytes."""
    a, v = draw(CHUNK, 32, 8, 3, np.random.default_rng(seed))
    verdict = is_unique(a, v)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return int(verdict.unique.sum()), int(verdict.undecided.sum()), peak


def million() -> None:
    """A million tests on two workers, seeds shipped instead of arrays; then one call on shared values."""
    start = time.perf_counter()
    done = Parallel(n_jobs=2)(delayed(chunk)(seed) for seed in range(1_000_000 // CHUNK))
    wall = time.perf_counter() - start
    unique, undecided = sum(row[0] for row in done), sum(row[1] for row in done)
    print(f"1,000,000 tests at (32,8,k=3), drawing included: {wall:.1f} s on 2 workers")
    print(f"unique {unique}, undecided {undecided}, peak {max(row[2] for row in done):.0f} MB a worker")
    rng = np.random.default_rng(0)
    a = np.zeros((1_000_000, 32))
    a[np.arange(len(a)), rng.integers(32, size=len(a))] = 1.0
    start = time.perf_counter()
    is_unique(a, rng.standard_normal((32, 8)))
    wall = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"one call, 1,000,000 patterns over the same values: {wall:.1f} s, peak {peak:.0f} MB in all")


FIRST_USE = """
import time; start = time.process_time()
import numpy as np
from attnlab.identifiability import fibre_intervals, is_unique, top_certified
from attnlab.solvers.nnls import simplex_least_squares
from attnlab.solvers.tableau import minimise
loaded = time.process_time()
a, v = np.full((2, 9), 1 / 9), np.random.default_rng(0).standard_normal((2, 9, 3))
is_unique(a, v), fibre_intervals(a, v), top_certified(a, v), simplex_least_squares(v[:, 0], v)
minimise(np.swapaxes(v, 1, 2), a[:, None], a[:, None])
print(f"import {loaded - start:.2f} CPU-s, first use of all kernels {time.process_time() - loaded:.2f} CPU-s")
"""


def compile_() -> None:
    """First use in a fresh process, with an empty cache and then with the one it left."""
    with tempfile.TemporaryDirectory() as folder:
        for state in ("cold ", "cache"):
            environment = {**os.environ, "NUMBA_CACHE_DIR": folder}
            done = subprocess.run(
                [sys.executable, "-c", FIRST_USE], env=environment, capture_output=True, text=True, check=True
            )
            print(state, done.stdout.strip())


if __name__ == "__main__":
    parts = {"speed": speed, "agreement": agreement, "million": million, "compile": compile_}
    for name in sys.argv[1:] or list(parts):
        parts[name]()
