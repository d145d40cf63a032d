"""What the softmax question costs and how much its search finds, as ratios measured side by side on one core.

A degree against one call of Qhull, on whose facets it rests; a search against one solve of MINPACK's
Levenberg-Marquardt; the share of trials in which the search finds a second query against that of
Levenberg-Marquardt from the same starts, at the sizes of real heads. Exits with 1 if a promise is missed.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from ledger import Ledger
from scipy.optimize import root
from scipy.spatial import ConvexHull
from scipy.special import softmax

from attnlab.identifiability import lost_by_degree, softmax_scenario
from attnlab.shapes import Array
from attnlab.solvers.exponential_family import fit
from attnlab.solvers.levenberg_marquardt import solve
from attnlab.solvers.twin_query import start_points, twins
from attnlab.solvers.whitening import whitening

DEGREES = {(32, 2): 60.0, (32, 4): 20.0, (32, 8): 4.5}
"""How many times one ConvexHull call a degree may take: about 1.5 times what it did when this was written."""
SEARCHES = {(32, 2): 14.0, (32, 8): 45.0}
"""How many times one Levenberg-Marquardt solve a search from 256 starts may take, with the same room."""
REAL = {(64, 16): 40, (128, 32): 20, (256, 64): 6}
"""Trials at the sizes of real heads. The search has to find a query in all of them, and a second one in as many
trials as MINPACK's Levenberg-Marquardt from the same starts, but for LUCK."""
LUCK = 0.1
"""Share of the trials that one may find and the other not: where a start leads hangs on rounding."""
NEWTON = 0.8
"""The most a search may take in units of the damped Newton method in numpy, from the same starts."""
STARTS = 16
"""Of the comparison at real sizes."""
SAME = 1e-6


def seconds(work: Callable[[], object]) -> float:
    """CPU seconds of one call."""
    began = time.process_time()
    work()
    return time.process_time() - began


def gaussian(trials: int, n: int, e: int) -> tuple[Array, Array, Array]:
    """Weights (B, n) of queries at temperature 1, values and keys (B, n, e)."""
    rng = np.random.default_rng(1000 * n + e)
    keys, values = rng.standard_normal((2, trials, n, e))
    queries = rng.standard_normal((trials, e, 1)) / np.sqrt(e)
    return softmax(np.matmul(keys, queries)[..., 0], axis=1), values, keys


def solved(span: Array, known: Array, target: Array, start: Array) -> Array | None:
    """The weights that MINPACK's Levenberg-Marquardt reaches from a query, None where it misses the output."""

    def weights(p: Array) -> Array:
        return np.asarray(softmax(span @ p))

    def slope(p: Array) -> Array:
        a = weights(p)
        return np.asarray(((known - a @ known) * a[:, None]).T @ span)

    search: Any = root  # its overloads know no functions of plain arrays
    with np.errstate(over="ignore", invalid="ignore"):
        found = search(
            lambda p: weights(p) @ known - target, start, jac=slope, method="lm", options={"xtol": 1e-15}
        )
    a = weights(found.x)
    return a if np.linalg.norm(a @ known - target) <= 1e-9 else None


def degrees(ledger: Ledger) -> None:
    """The unit of a degree is the hull of the same keys."""
    for (n, e), most in DEGREES.items():
        trials = 60 if e < 8 else 20
        a, v, k = gaussian(trials, n, e)
        lost_by_degree(a[:1], v[:1], k[:1])
        ours = seconds(lambda a=a, v=v, k=k: lost_by_degree(a, v, k))  # type: ignore[misc]
        hull = seconds(lambda k=k: [ConvexHull(keys) for keys in k])  # type: ignore[misc]
        ledger.figure(f"degree ({n},{e}), ms", 1e3 * ours / trials)
        ledger.at_most(f"degree ({n},{e}) against ConvexHull", ours / hull, most)


def searches(ledger: Ledger) -> None:
    """From 256 starts, not ended by what it finds; the unit is one Levenberg-Marquardt solve."""
    for (n, e), most in SEARCHES.items():
        a, v, k = gaussian(20, n, e)
        every = np.ones(a.shape, dtype=bool)
        of_k, of_v = whitening(k, every), whitening(v, every)
        targets = np.matmul(a[:, None], of_v.span)[:, 0]
        twins(of_k.span[:1], of_v.span[:1], every[:1], targets[:1])
        ours = seconds(lambda: twins(of_k.span, of_v.span, every, targets))  # noqa: B023
        start = start_points(2, e)[1]
        theirs = seconds(lambda: [solved(of_k.span[b], of_v.span[b], targets[b], start) for b in range(20)])  # noqa: B023
        ledger.figure(f"search ({n},{e}), ms", 1e3 * ours / 20)
        ledger.at_most(f"search ({n},{e}) against one LM solve", ours / theirs, most)


def by_newton(span: Array, known: Array, targets: Array, starts: Array) -> float:
    """CPU seconds of the damped Newton method (exponential_family) from each start, all trials at once."""
    return seconds(lambda: [fit(span, known, targets, start=np.tile(p, (len(span), 1))) for p in starts])


def real_sizes(ledger: Ledger) -> None:
    """A query, and a second one, from the same 16 starts: the search's share of trials, Levenberg-Marquardt's."""
    for (n, e), trials in REAL.items():
        a, v, k = gaussian(trials, n, e)
        every = np.ones(a.shape, dtype=bool)
        of_k, of_v = whitening(k, every), whitening(v, every)
        targets = np.matmul(a[:, None], of_v.span)[:, 0]
        search = partial(twins, of_k.span, of_v.span, every, targets, starts=STARTS, tolerance=1e-9)
        search()
        ours_took = seconds(search)
        found = search()
        ours = theirs = 0
        began = time.process_time()
        for b in range(trials):
            ends = [solved(of_k.span[b], of_v.span[b], targets[b], p) for p in start_points(STARTS, e)]
            theirs += any(0.5 * np.abs(end - a[b]).sum() > SAME for end in ends if end is not None)
        theirs_took = time.process_time() - began
        for b in range(trials):
            mine = softmax(found.parameters[b, : found.count[b]] @ of_k.span[b].T, axis=1)
            ours += bool((0.5 * np.abs(mine - a[b]).sum(axis=1) > SAME).any())
        newton_took = by_newton(of_k.span, of_v.span, targets, start_points(STARTS, e))
        ledger.figure(f"second query found by LM ({n},{e})", theirs / trials)
        ledger.figure(f"second query found by the search ({n},{e})", ours / trials)
        ledger.figure(f"distinct queries found by the search ({n},{e})", float(found.count.mean()))
        ledger.figure(f"search ({n},{e}), {STARTS} starts, ms", 1e3 * ours_took / trials)
        ledger.figure(f"search ({n},{e}) against LM, time", ours_took / theirs_took)
        ledger.at_least(f"a query found ({n},{e})", float((found.count > 0).mean()), 1.0)
        ledger.at_least(f"second query found ({n},{e}), beyond LM", (ours - theirs) / trials, -LUCK)
        ledger.at_most(f"search ({n},{e}) against Newton in numpy, time", ours_took / newton_took, NEWTON)


def entropy(ledger: Ledger) -> None:
    """Maximum entropy keeps its own method: the search of second queries, from the same start, is no match for it.

    What they share is whitening and the bound on a step; the dual's value, which the search has not, is what leads
    to outputs near the border.
    """
    rng = np.random.default_rng(0)
    for n, d, trials in ((32, 8, 100), (64, 16, 60), (128, 32, 20)):
        for temperature in (1.0, 0.05):
            v = rng.standard_normal((trials, n, d))
            a = softmax(rng.standard_normal((trials, n)) / temperature, axis=1)
            o, every = np.matmul(a[:, None], v)[:, 0], np.ones((trials, n), dtype=bool)
            solve(v[:1], v[:1], o[:1], every[:1])
            dual, search = fit(v, v, o, every), solve(v, v, o, every)
            theirs = np.abs(np.matmul(search[:, None], v)[:, 0] - o).max(axis=1) <= 1e-8
            ratio = seconds(partial(fit, v, v, o, every)) / seconds(partial(solve, v, v, o, every))
            what = f"maximum entropy ({n},{d}), temperature {temperature:g}"
            ledger.at_least(f"{what}, found by Newton on the dual", float(dual.converged.mean()), 1.0)
            ledger.figure(f"{what}, found by the search from the same start", float(theirs.mean()))
            ledger.figure(f"{what}, time of the dual against that of the search", ratio)


def scenario(ledger: Ledger) -> None:
    """Two words: the cost of a pair, and the c that is found as a part of what is possible at most."""
    for n, e in ((8, 2), (32, 4), (64, 8)):
        _, v, k = gaussian(20, n, e)
        softmax_scenario(0, 1, v[:1], k[:1])
        began = time.process_time()
        pair = softmax_scenario(0, 1, v, k)
        ledger.figure(f"scenario ({n},{e}), ms", 1e3 * (time.process_time() - began) / 20)
        ledger.figure(
            f"scenario ({n},{e}), c found against bound", float(pair.found.mean() / pair.bound.mean())
        )


def main() -> int:
    """Measure all; returns the exit code."""
    ledger = Ledger("softmax_question")
    for part in (degrees, searches, real_sizes, entropy, scenario):
        part(ledger)
    return ledger.close()


if __name__ == "__main__":
    sys.exit(main())
