"""Time and memory a row against n, d = 64: `python benchmarks/scaling.py` writes docs/scaling.md and its figure.

A row is one vector of weights over values that a head's rows share; the question is whether its top is forced
(`top_certified`), or an interval. Each number comes from a process of its own, in CPU seconds of one thread. The
general solvers get the programmes that the question is made of, `min b_top - b_j` for each of the n - 1 rivals: a
few of them are solved, and the time of all is told. A solver ends where one row would take longer than LIMIT; the
warm one is there if `highspy` is installed. Exits with 1 if a promise
is missed.
"""

from __future__ import annotations

import importlib.util
import os
import resource
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np
from ledger import Ledger, say

ROOT = Path(__file__).parents[1]
D = 64
SIZES = (256, 512, 1024, 2048, 4096)
LIMIT, GROWTH = 60.0, 5.0
"""CPU seconds that a process may be expected to take: so many times what the size before it took."""
OWN = 5
"""The first contenders are ours."""
MOST, FASTER = 50.0, 1000.0
"""Megabytes a row, and how many times faster than linprog a certificate at the largest n is."""
SETUP = """
import resource, sys, time
import numpy as np
from attnlab.identifiability import fibre_intervals, top_certified
from attnlab.solvers import columns, tableau
n, d = int(sys.argv[1]), 64
rng = np.random.default_rng(n)
V = rng.standard_normal((n, d))
def softmax_rows(count, temperature):
    scores = rng.standard_normal((count, n)) / temperature
    a = np.exp(scores - scores.max(axis=1, keepdims=True))
    return a / a.sum(axis=1, keepdims=True)
def top_rows(count, mass=0.8):
    a = softmax_rows(count, 1.0) * (1 - mass)
    a[:, 0] += mass
    return a
def cpu(call, *given, **named):
    began = time.process_time()
    call(*given, **named)
    return time.process_time() - began
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
def tell(seconds, before, rows):
    print(seconds, (peak() - before) / rows)
"""
OURS = """
a, call = ROWS, CALL
for small in (20, 200):
    call(np.full((2, small), 1 / small), rng.standard_normal((small, 2)))
before = peak()
seconds = cpu(call, a, V) - cpu(columns.frame, V)
tell(seconds / len(a), before, len(a))
"""
PLAIN = """
a = top_rows(1)
tableau.top_forced(np.full((1, 9), 1 / 9), rng.standard_normal((1, 9, 2)))
before = peak()
tell(cpu(tableau.top_forced, a, V[None]), before, 1)
"""
PROGRAMMES = """
a = top_rows(1)[0]
A = np.vstack([V.T, np.ones(n)])
rivals = np.argsort(-a[1:], kind="stable")[:SOME] + 1
"""
LINPROG = (
    PROGRAMMES.replace("SOME", "2")
    + """
from scipy.optimize import linprog
before, seconds = peak(), []
for j in rivals:
    cost = np.zeros(n)
    cost[0], cost[j] = 1.0, -1.0
    seconds.append(cpu(linprog, cost, A_eq=A, b_eq=A @ a, bounds=(0, None)))
tell(np.mean(seconds) * (n - 1), before, 1)
"""
)
WARM = (
    PROGRAMMES.replace("SOME", "9")
    + """
import highspy
before = peak()
model = highspy.Highs()
model.silent()
model.setOptionValue("simplex_strategy", 4)
lp = highspy.HighsLp()
lp.num_col_, lp.num_row_ = n, d + 1
lp.col_cost_, lp.col_lower_, lp.col_upper_ = np.zeros(n), np.zeros(n), np.full(n, highspy.kHighsInf)
lp.row_lower_ = lp.row_upper_ = A @ a
lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
lp.a_matrix_.start_ = np.arange(0, n * (d + 1) + 1, d + 1)
lp.a_matrix_.index_ = np.tile(np.arange(d + 1), n)
lp.a_matrix_.value_ = A.T.ravel()
model.passModel(lp)
def solve(j):
    model.changeColCost(0, 1.0)
    model.changeColCost(int(j), -1.0)
    model.run()
    model.changeColCost(int(j), 0.0)
first = cpu(solve, rivals[0])
rest = [cpu(solve, j) for j in rivals[1:]]
tell(first + np.mean(rest) * (n - 2), before, 1)
"""
)


def ours(rows: str, call: str) -> str:
    """The code that times one of our calls; what a head's rows share is not counted."""
    return OURS.replace("ROWS", rows).replace("CALL", call)


WARM_NAME = "HiGHS, warm, n - 1 programmes"
CONTENDERS = {
    "top_certified, top mass .8": ours("top_rows(8)", "top_certified"),
    "top_certified, top mass .5": ours("top_rows(4, 0.5)", "top_certified"),
    "top_certified, temperature 1": ours("softmax_rows(8, 1.0)", "top_certified"),
    "one interval, top mass .5": ours(
        "top_rows(4, 0.5)", "lambda a, v: fibre_intervals(a, v, positions='top')"
    ),
    "all intervals, top mass .8": ours("top_rows(1)", "fibre_intervals"),
    "plain simplex, top mass .8": PLAIN,
    "linprog, n - 1 programmes": LINPROG,
    WARM_NAME: WARM,
}
"""Names in the table, and what a process of each runs; programmes are those of a row of top mass .8."""


@dataclass(frozen=True)
class Point:
    """One measurement: CPU seconds a row, and by how many megabytes a row the process grew."""

    name: str
    n: int
    seconds: float
    megabytes: float


def measured(name: str, n: int) -> tuple[Point, float]:
    """One point, and the CPU seconds its process took. Raises CalledProcessError if it fails."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, "-c", SETUP + CONTENDERS[name], str(n)],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds, megabytes = map(float, done.stdout.split()[-2:])
    return Point(name, n, seconds, max(megabytes, 0.0)), after.ru_utime - before.ru_utime


def all_points() -> list[Point]:
    """Every contender at the sizes it gets to."""
    found: list[Point] = []
    for name in CONTENDERS:
        if name == WARM_NAME and importlib.util.find_spec("highspy") is None:
            say("highspy is not installed: no warm HiGHS")
            continue
        measured(name, SIZES[0])  # compiles
        spent = 0.0
        for n in SIZES:
            if spent * GROWTH > LIMIT:
                break
            one, spent = measured(name, n)
            found.append(one)
            say(f"{name}, n = {n}: {one.seconds:.3g} s, {one.megabytes:.2f} MB")
    return found


def exponent(points: Sequence[Point]) -> float:
    """The slope of the times in n, both as logarithms; NaN for fewer than two points."""
    if len(points) < 2:
        return float("nan")
    return float(np.polyfit(np.log([p.n for p in points]), np.log([p.seconds for p in points]), 1)[0])


def grouped(points: Sequence[Point]) -> dict[str, list[Point]]:
    """The points of each contender, in the order of the table."""
    return {name: own for name in CONTENDERS if (own := [p for p in points if p.name == name])}


def told(seconds: float) -> str:
    """A time in the unit that suits it, two digits."""
    for unit, size in (("h", 3600.0), ("min", 60.0), ("s", 1.0), ("ms", 1e-3)):
        if seconds >= size or unit == "ms":
            break
    return f"{float(f'{seconds / size:.2g}'):g} {unit}"


def page(points: Sequence[Point], origin: str) -> str:
    """docs/scaling.md: a table of times, one of memory, and what they are."""
    own = grouped(points)
    sizes = sorted({point.n for point in points})
    head = f"| | {' | '.join(f'n = {n:,}' for n in sizes)} |"
    lines = [
        "# How time and memory grow with n",
        "",
        "One row of weights over values in d = 64 dimensions, one thread, CPU time; what the rows of a head share",
        f"is not counted. Written by `python benchmarks/scaling.py`, never by hand; {origin}.",
        "",
        "![Time a row against n](scaling.svg)",
        "",
        "## Time a row",
        "",
        head + " exponent |",
        "|---" * (len(sizes) + 2) + "|",
    ]
    for name, mine in own.items():
        at = {point.n: told(point.seconds) for point in mine}
        lines.append(f"| {name} | {' | '.join(at.get(n, '-') for n in sizes)} | {exponent(mine):.1f} |")
    lines += [
        "",
        "The exponent is the slope of the logarithms. The general solvers answer the question of the first",
        "line by n - 1 programmes `min b_top - b_j`; a few of them were solved, the time of all is told. A line",
        f"ends where the next size would have taken more than {LIMIT:.0f} s.",
        "",
        "## Memory a row, MB",
        "",
        head,
        "|---" * (len(sizes) + 1) + "|",
    ]
    for name, mine in own.items():
        at = {point.n: f"{point.megabytes:.2g}" for point in mine}
        lines.append(f"| {name} | {' | '.join(at.get(n, '-') for n in sizes)} |")
    lines += ["", "By how much the process grew during the call, over the rows it was given.", ""]
    return "\n".join(lines)


def draw(points: Sequence[Point], path: Path) -> None:
    """The times as curves on logarithmic axes, named where they end."""
    import matplotlib

    matplotlib.use("Agg")
    matplotlib.rcParams["svg.hashsalt"] = "scaling"
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(8.5, 5), layout="constrained")
    for place, (name, mine) in enumerate(grouped(points).items()):
        style = "-" if place < OWN else "--"
        axes.plot([p.n for p in mine], [p.seconds for p in mine], style, marker="o", markersize=4, label=name)
    axes.set(xscale="log", yscale="log", xlabel="n, positions (d = 64)", ylabel="CPU seconds a row")
    axes.set_xticks(SIZES, [f"{n:,}" for n in SIZES])
    axes.minorticks_off()
    axes.grid(alpha=0.3)
    handles, labels = axes.get_legend_handles_labels()
    order = sorted(range(len(labels)), key=lambda i: -grouped(points)[labels[i]][-1].seconds)
    figure.legend(
        [handles[i] for i in order], [labels[i] for i in order], loc="outside right upper", frameon=False
    )
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)


def main() -> int:
    """Measure, write and judge; returns the exit code."""
    ledger = Ledger("scaling")
    points = all_points()
    versions = ", ".join(f"{name} {version(name)}" for name in ("numpy", "scipy", "numba"))
    (ROOT / "docs" / "scaling.md").write_text(page(points, versions), encoding="utf-8")
    draw(points, ROOT / "docs" / "scaling.svg")
    own = grouped(points)
    for name, mine in own.items():
        ledger.figure(f"{name}, exponent", exponent(mine))
        for point in mine:
            ledger.figure(f"{name}, n = {point.n}, ms a row", 1e3 * point.seconds)
    for name in list(own)[:OWN]:
        ledger.at_most(f"{name}, largest n, MB a row", own[name][-1].megabytes, MOST)
    first, general = own[next(iter(CONTENDERS))], own["linprog, n - 1 programmes"]
    ledger.at_least(
        "top mass .8, exponent below that of linprog, by", exponent(general) - exponent(first), 0.0
    )
    ledger.at_least(
        "top mass .8, largest n, against linprog", general[-1].seconds / first[-1].seconds, FASTER
    )
    return ledger.close()


if __name__ == "__main__":
    sys.exit(main())
