"""Whole heads at speed: certificates of the top and intervals, against the plain simplex, on one core.

python benchmarks/heads.py top          certificates at n = 512, d = 64, against the plain simplex
python benchmarks/heads.py layer        one causal layer of 12 heads at n = 1,024: QRs of the values a row, memory
python benchmarks/heads.py intervals    all intervals, and that of the top alone, at n = 1,024

Without a name all of them. CPU seconds; the plain simplex is timed on the same few rows. Exits with 1 if a
promise is missed.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import resource
import sys
import time
from collections.abc import Callable

import numpy as np
from ledger import Ledger

from attnlab.identifiability import fibre_intervals, top_certified
from attnlab.shapes import Array
from attnlab.solvers import tableau

D = 64


def cpu(work: Callable[..., object], *given: object, **named: object) -> float:
    """CPU seconds of one call."""
    start = time.process_time()
    work(*given, **named)
    return time.process_time() - start


def softmax_rows(count: int, n: int, temperature: float, rng: np.random.Generator) -> Array:
    """Softmax of Gaussian scores."""
    scores = rng.standard_normal((count, n)) / temperature
    a = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(a / a.sum(axis=1, keepdims=True))


def top_rows(count: int, n: int, mass: float, rng: np.random.Generator) -> Array:
    """The same at temperature 1, with `mass` put on one position."""
    a = softmax_rows(count, n, 1.0, rng) * (1 - mass)
    a[:, 0] += mass
    return a


def warm() -> None:
    """Compile everything before anything is timed."""
    rng = np.random.default_rng(0)
    a, v = softmax_rows(2, 512, 1.0, rng), rng.standard_normal((512, 2))
    top_certified(a, v), fibre_intervals(a[:1], v, positions=[0])
    tableau.top_forced(a[:1, :20], v[None, :20]), tableau.fibre_bounds(a[:1, :20], v[None, :20])


def top(ledger: Ledger) -> None:
    """Certificates against the plain simplex, row for row."""
    rng, n = np.random.default_rng(1), 512
    v = rng.standard_normal((n, D))
    for name, a, bound in (
        ("top mass .8", top_rows(3, n, 0.8, rng), 150),
        ("top mass .5", top_rows(3, n, 0.5, rng), 25),
        ("temperature .25", softmax_rows(10, n, 0.25, rng), 25),
        ("temperature 1", softmax_rows(30, n, 1.0, rng), 3),
    ):
        ours = cpu(top_certified, a, v)
        plain = cpu(tableau.top_forced, a, v[None])
        same = top_certified(a[:1], v).certified == (tableau.top_forced(a[:1], v[None]) == 1)
        ledger.figure(f"top_certified ({n},{D}), {name}, ms a row", ours / len(a) * 1e3)
        ledger.figure(f"top_certified ({n},{D}), {name}, first verdict the same", float(same[0]))
        ledger.at_least(f"top_certified ({n},{D}), {name}, against the plain simplex", plain / ours, bound)


def layer(ledger: Ledger) -> None:
    """One causal layer at temperature .25."""
    rng, n, heads = np.random.default_rng(2), 1024, 12
    v = rng.standard_normal((heads, 1, n, D))
    causal = np.tril(np.ones((n, n), dtype=bool))
    a = softmax_rows(heads * n, n, 0.25, rng).reshape(heads, n, n)
    a *= causal
    a /= a.sum(axis=-1, keepdims=True)
    decomposition = np.median([cpu(np.linalg.qr, head[0]) for head in v])
    seconds = cpu(top_certified, a, v, causal)
    ledger.figure(f"a causal layer, {heads} heads at ({n},{D}), temperature .25, CPU-s", seconds)
    ledger.at_most("a causal layer, QRs of the values a row", seconds / (heads * n) / decomposition, 40)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    ledger.at_most("a causal layer, MB", peak, 1000)


def intervals(ledger: Ledger) -> None:
    """All intervals, and one."""
    rng, n = np.random.default_rng(3), 1024
    v = rng.standard_normal((n, D))
    for name, a in (
        ("top mass .8", top_rows(1, n, 0.8, rng)),
        ("temperature .25", softmax_rows(1, n, 0.25, rng)),
    ):
        whole = cpu(fibre_intervals, a, v)
        one = cpu(fibre_intervals, a, v, positions="top")
        plain = cpu(tableau.fibre_bounds, a, v[None])
        ledger.figure(f"fibre_intervals ({n},{D}), {name}, s", whole)
        ledger.at_least(f"fibre_intervals ({n},{D}), {name}, against the plain simplex", plain / whole, 3)
        ledger.at_least(f'fibre_intervals ({n},{D}), {name}, positions="top" against all', whole / one, 100)


if __name__ == "__main__":
    book = Ledger("heads")
    parts = {"top": top, "layer": layer, "intervals": intervals}
    warm()
    for chosen in sys.argv[1:] or list(parts):
        parts[chosen](book)
    sys.exit(book.close())
