"""What a first call costs: each public call in a process of its own, with an empty cache and with the one it left.

CPU seconds of the call alone, the import of attnlab not counted; those with an empty cache less those from it are
the compilation, and its unit is that of fibre_intervals at the commit BEFORE (12 s of a quiet core), measured in
the same run. Every public call is in the list (tests/test_first_calls.py). Exits with 1 if one compiles for longer
than was promised. Names of calls run these alone.

LLVM takes half of the time. numba has it optimise and translate each function for itself, and again inside every
function that calls it; attnlab.solvers.linking has it done once: intervals of sparse weights, which compile two
kernels, took .61 of the unit before that. Other gains: no second copy for a constant, the collector of cycles at
rest (7 to 10 %), no entry points for Python where it never calls. No gain, or a loss: all written out in the
outermost function (20 s), only the leaves or the start written out (up to a tenth more), inner functions optimised
within the kernel alone (is_unique takes 1.55 times as long), no counting of references (_nrt), nothing kept of
inner functions, other levels of optimisation, scratch made outside, one place for two calls.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from before import BEFORE, package
from ledger import Ledger

ROOT = Path(__file__).parents[1]
MOST = 0.5
"""Of what fibre_intervals took."""
TIMES = 3
"""Measurements, of the unit too. Intervals of sparse weights, the longest call, take .48 of it: one measurement
has come to .51, and once to .65."""
CALLS = {
    "is_unique": "attnlab.is_unique(sparse, v)",
    "is_unique, float32": "attnlab.is_unique(sparse.astype('float32'), v.astype('float32'))",
    "fibre_intervals": "attnlab.fibre_intervals(a, v)",
    "fibre_intervals, sparse": "attnlab.fibre_intervals(sparse, v)",
    "fibre_intervals, the top of 200": "attnlab.fibre_intervals(b, u, positions='top')",
    "fibre_intervals, all of 600": "attnlab.fibre_intervals(np.full((1, 600), 1 / 600), many)",
    "top_certified": "attnlab.top_certified(a, v)",
    "top_certified, 200 positions": "attnlab.top_certified(b, u)",
    "softmax_inverse": "attnlab.softmax_inverse(o, v, k)",
    "softmax_rivals": "attnlab.softmax_rivals(a, v, k)",
    "lost_by_degree": "attnlab.lost_by_degree(a, v, k)",
    "query_degree": "attnlab.query_degree(o, v, k)",
    "nullity": "attnlab.nullity(v)",
    "effective_attention": "attnlab.effective_attention(a, v)",
    "same_order_type": "attnlab.same_order_type(v, k)",
    "softmax_scenario": "identifiability.softmax_scenario(0, 1, v, k)",
    **{
        f"decode, {name}": f"attnlab.decode(o, v, {'k, ' if name == 'softmax_inverse' else ''}decoder={name!r})"
        for name in ("least_squares", "max_entropy", "nearest_value", "simplex", "softmax_inverse")
    },
    "decode, simplex of ill-scaled values": "attnlab.decode(o, v * [1, 1e7, 1e-7], decoder='simplex')",
    **{
        f"collide, {name}": f"attnlab.collide(v, {name!r}, weights=a, keys=k, queries=q)"
        for name in (
            "caratheodory", "extreme", "farthest", "null_step", "radon", "reachable", "rounded", "transplant",
            "tverberg",
        )
    },
}  # fmt: skip
ARRAYS = """
import time
import numpy as np
import attnlab
from attnlab import identifiability
from attnlab.parts import Declined
rng = np.random.default_rng(0)
v, k, q = rng.standard_normal((2, 17, 3)), rng.standard_normal((2, 17, 3)), rng.standard_normal((2, 3))
u, many = rng.standard_normal((200, 3)), rng.standard_normal((600, 2))
o, a = attnlab.attend(q, k, v)
b = attnlab.attend(rng.standard_normal((2, 3)), rng.standard_normal((200, 3)), u).weights
sparse = np.eye(17)[:2]
"""
TIMED = """
began = time.process_time()
try:
    CALL
except Declined:
    pass
print(time.process_time() - began)
"""


def seconds(call: str, cache: str, root: Path = ROOT) -> float:
    """CPU seconds of one call in a process of its own; raises CalledProcessError if it fails."""
    environment = {
        **os.environ, "NUMBA_CACHE_DIR": cache, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(root)
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", ARRAYS + TIMED.replace("CALL", call)],
        env=environment,
        cwd=root,  # where Python looks first
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return float(done.stdout)


def compilation(call: str, root: Path = ROOT) -> tuple[float, float]:
    """CPU seconds of compilation, and those from the cache: the least, for a busy machine only adds."""
    found = []
    for _ in range(TIMES):
        with tempfile.TemporaryDirectory() as cache:
            cold, warm = (seconds(call, cache, root) for _ in range(2))
        found.append((cold - warm, warm))
    return min(found)


def main() -> int:
    """Measure all, or those named; returns the exit code."""
    ledger = Ledger("first_calls")
    with package(BEFORE) as root:
        unit, _ = compilation(CALLS["fibre_intervals"], root)
    ledger.figure("fibre_intervals as it was, compilation, CPU-s", unit)
    for name in sys.argv[1:] or list(CALLS):
        compiled, warm = compilation(CALLS[name])
        ledger.figure(f"{name}, compilation, CPU-s", compiled)
        ledger.figure(f"{name}, from the cache, CPU-s", warm)
        ledger.at_most(f"{name}, compilation against fibre_intervals as it was", compiled / unit, MOST)
    return ledger.close()


if __name__ == "__main__":
    sys.exit(main())
