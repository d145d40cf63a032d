"""Against the code as it was before whole heads were made fast, and before arrays of any kind were let in.

What may be no slower, a lone call's overhead, and what the doors cost a lone call.

Both versions run in processes of their own, in turn: a round asks the one, then the other, for its CPU seconds of
the same work, and the ratio told is the median over the rounds. The older package is that of the commit BEFORE, in
a folder that is taken away again. Exits with 1 if a promise is missed.
"""

from __future__ import annotations

import contextlib
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from ledger import Ledger, say

ROOT = Path(__file__).parents[1]
BEFORE = "8d53eaf^"
"""The parent of the commit that brought certificates of whole heads on few columns."""
UNGUARDED = "692067c^"
"""The parent of the commit that brought the one door for arrays."""
ROUNDS = 9
SLOWER, SINGLE, GUARDED = 1.1, 1 / 3, 1.3
ANSWERING = """
for job in jobs.values():
    job()
print("ready", flush=True)
for line in sys.stdin:
    print(jobs[line.strip()](), flush=True)
"""
LONE = """
import os
os.environ["OMP_NUM_THREADS"] = "1"
import sys
import time
import numpy as np
from attnlab.identifiability import effective_attention, nullity
rng = np.random.default_rng(0)
v, a, m = rng.standard_normal((1, 16, 8)), rng.dirichlet(np.ones(16), 1), rng.random((1, 16)) < 0.7
def lone(call, *given, **more):
    def job():
        began = time.process_time()
        for _ in range(2000):
            call(*given, **more)
        return time.process_time() - began
    return job
jobs = {
    "effective_attention": lone(effective_attention, a, v),
    "effective_attention, masked": lone(effective_attention, a, v, mask=m),
    "nullity": lone(nullity, v),
    "nullity, masked": lone(nullity, v, mask=m),
}
"""
WORK = """
import os
os.environ["OMP_NUM_THREADS"] = "1"
import sys
import time
import numpy as np
import attnlab
from attnlab.collisions.radon import Radon
from attnlab.inputs.gaussian import Gaussian
from attnlab.solvers.nnls import face_tests, simplex_least_squares
rng = np.random.default_rng(0)
def draw(trials, n, d, k):
    order = np.argsort(rng.random((trials, n)), axis=1, kind="stable")
    return (order < k) / k, rng.standard_normal((trials, n, d))
small, middle = draw(4000, 32, 8, 3), draw(400, 128, 32, 10)
sample = Gaussian(n=64, d=16, e=16)(1000, rng)
flat = np.full((1000, 64), 1 / 64)
a, v = np.array([0.5, 0.5, 0, 0, 0, 0, 0, 0]), rng.standard_normal((8, 4))
full = np.full(8, 1 / 8)
def times(count, call, *given):
    for _ in range(count):
        call(*given)
def best(call, *given):
    spent = []
    for _ in range(3):
        began = time.process_time()
        call(*given)
        spent.append(time.process_time() - began)
    return min(spent)
many, values = np.repeat(a[None], 2000, axis=0), np.repeat(v[None], 2000, axis=0)
alls = np.repeat(full[None], 2000, axis=0)
jobs = {
    "is_unique (32, 8)": lambda: best(attnlab.is_unique, *small),
    "is_unique (128, 32)": lambda: best(attnlab.is_unique, *middle),
    "simplex (32, 8)": lambda: best(simplex_least_squares, small[1][:, 0] * 0.3, small[1]),
    "simplex (128, 32)": lambda: best(simplex_least_squares, middle[1][:, 0] * 0.3, middle[1]),
    "radon (64, 16)": lambda: best(lambda: Radon()(flat, sample, np.random.default_rng(1))),
    "one is_unique": lambda: best(times, 2000, attnlab.is_unique, a, v) - best(attnlab.is_unique, many, values),
    "one fibre_intervals": lambda: best(times, 1000, attnlab.fibre_intervals, full, v)
    - best(attnlab.fibre_intervals, alls, values) / 2,
}
"""


@contextlib.contextmanager
def package(commit: str) -> Iterator[Path]:
    """A folder with the repository as it was at a commit."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "before"
        git = ["git", "-C", str(ROOT), "worktree"]
        subprocess.run([*git, "add", "-q", "--detach", str(place), commit], check=True)
        try:
            yield place
        finally:
            subprocess.run([*git, "remove", "--force", str(place)], check=True)


class Contender:
    """A version of the package in a process of its own, that measures what it is asked."""

    def __init__(self, root: Path, work: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", work + ANSWERING],
            env={**os.environ, "PYTHONPATH": str(root)},
            cwd=root,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._line()

    def seconds(self, job: str) -> float:
        """CPU seconds of a job."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{job}\n")
        self.process.stdin.flush()
        return float(self._line())

    def close(self) -> None:
        """End the process."""
        self.process.communicate()

    def _line(self) -> str:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError("expected an answer, got none: the process ended, its error stands above")
        return line


@contextlib.contextmanager
def duel(commit: str, work: str) -> Iterator[Callable[[str], list[tuple[float, float]]]]:
    """Rounds of a job: CPU seconds of this version and of that commit's, in turn."""
    with package(commit) as root, contextlib.ExitStack() as ending:
        now, then = (Contender(where, work) for where in (ROOT, root))
        ending.callback(now.close)
        ending.callback(then.close)
        yield lambda job: [(now.seconds(job), then.seconds(job)) for _ in range(ROUNDS)]


def doors(ledger: Ledger) -> None:
    """What a lone call costs now that arrays of any kind are let in."""
    with duel(UNGUARDED, LONE) as rounds:
        for job in ("effective_attention", "effective_attention, masked", "nullity", "nullity, masked"):
            ratio = statistics.median(one / other for one, other in rounds(job))
            ledger.at_most(f"a lone {job} (16, 8) against before the doors", ratio, GUARDED)


def main() -> int:
    """Measure; returns the exit code."""
    ledger = Ledger("before")
    doors(ledger)
    say("compiling both versions (a minute or two)")
    with duel(BEFORE, WORK) as rounds:
        for job in (
            "is_unique (32, 8)", "is_unique (128, 32)", "simplex (32, 8)", "simplex (128, 32)", "radon (64, 16)",
            "one is_unique", "one fibre_intervals",
        ):  # fmt: skip
            pairs = rounds(job)
            ratio = statistics.median(one / other for one, other in pairs)
            if job.startswith("one "):
                each = 1000 if job.endswith("intervals") else 2000
                ledger.figure(f"{job}, overhead of a call, us", 1e6 * min(one for one, _ in pairs) / each)
                ledger.figure(f"{job}, overhead as it was, us", 1e6 * min(other for _, other in pairs) / each)
                ledger.at_most(f"{job}, overhead against before", ratio, SINGLE)
            else:
                ledger.at_most(f"{job} against before", ratio, SLOWER)
    return ledger.close()


if __name__ == "__main__":
    sys.exit(main())
