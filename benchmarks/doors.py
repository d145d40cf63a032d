"""What the doors for anyone's arrays cost, and what the simplex solver is worth at any scale.

python benchmarks/doors.py speed        against plain twins without checks, scales or offsets, in one run
python benchmarks/doors.py agreement    5,000 badly scaled instances against scipy.optimize.nnls and rationals

Without a name both. The twins are the same questions by numpy alone, as they were before values of any size, float
type and mask were taken. Exits with 1 if a promise is missed.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from ledger import Ledger, say
from scipy.special import rel_entr

from attnlab import metrics
from attnlab.identifiability import effective_attention, nullity
from attnlab.shapes import Array, Mask
from attnlab.solvers.nnls import simplex_least_squares
from attnlab.solvers.whitening import whitening

sys.path.append(str(Path(__file__).parents[1] / "tests"))
from test_simplex_scales import agreed, instances

ROUNDS = 7
SIZES = ((1000, 32, 8), (300, 64, 16), (30, 256, 64))
MOST = 1.3
ONE_INSTANCE = 2.8
"""A single problem of 16 positions takes 0.1 ms: its units, its mean and the checks, which the twins do not make,
cost as much as the answer."""
TOTAL = 5000


def best_of(contenders: dict[str, Callable[[], object]]) -> dict[str, float]:
    """CPU seconds of each contender, the best of rounds that alternate between them."""
    best = dict.fromkeys(contenders, np.inf)
    for call in contenders.values():
        call()
    for _ in range(ROUNDS):
        for name, call in contenders.items():
            for _ in range(3):
                began = time.process_time()
                call()
                best[name] = min(best[name], time.process_time() - began)
    return best


def rank_plainly(matrix: Array) -> tuple[Array, Array]:
    """Rank and gap of each matrix, by its singular values alone."""
    sizes = np.linalg.svd(matrix, compute_uv=False)
    tolerance = max(matrix.shape[-2:]) * np.finfo(float).eps * sizes.max(axis=-1, keepdims=True)
    rank = (sizes > tolerance).sum(axis=-1)
    padded = np.concatenate([sizes, np.zeros((len(sizes), 1))], axis=-1)
    dropped = np.take_along_axis(padded, rank[:, None], axis=-1)[:, 0]
    kept = np.take_along_axis(padded, rank[:, None] - 1, axis=-1)[:, 0]
    return rank, np.divide(kept, dropped, where=dropped > 0, out=np.full(len(sizes), np.inf))


def with_ones(values: Array, mask: Mask) -> Array:
    """`[V 1]` on the visible positions."""
    return np.concatenate([np.where(mask[..., None], values, 0.0), mask[..., None]], axis=-1)


def nullity_plainly(values: Array, mask: Mask) -> None:
    """Both ranks."""
    rank_plainly(np.where(mask[..., None], values, 0.0)), rank_plainly(with_ones(values, mask))


def effective_plainly(weights: Array, values: Array, mask: Mask) -> Array:
    """The projection on the columns of `[V 1]`."""
    matrix = with_ones(values, mask)
    left, sizes, _ = np.linalg.svd(matrix, full_matrices=False)
    tolerance = max(matrix.shape[-2:]) * np.finfo(float).eps * sizes.max(axis=-1, keepdims=True)
    kept = np.where((sizes > tolerance)[:, None], left, 0.0)
    return np.asarray(np.matmul(np.matmul(weights[:, None], kept), np.swapaxes(kept, 1, 2))[:, 0])


def whitening_plainly(rows: Array, mask: Mask) -> tuple[Array, Array, Array]:
    """Span and both maps, the values taken as they are."""
    visible = mask.sum(axis=1).astype(float)[:, None]
    centre = np.where(mask[..., None], rows, 0.0).sum(axis=1) / visible
    centred = np.where(mask[..., None], rows - centre[:, None], 0.0)
    left, sizes, right = np.linalg.svd(centred, full_matrices=False)
    deviations = sizes / np.sqrt(visible)
    kept = deviations > max(rows.shape[1:]) * np.finfo(float).eps * np.abs(centred).max()
    shrink = np.where(kept, 1.0 / np.where(kept, deviations, 1.0), 0.0)
    return (
        left * np.where(kept, np.sqrt(visible), 0.0)[:, None],
        np.swapaxes(right, 1, 2) * shrink[:, None],
        right * np.where(kept, deviations, 0.0)[..., None],
    )


def jsd_plainly(a: Array, b: Array) -> Array:
    """Through the midpoint, which underflows."""
    read = np.maximum(b, 0.0)
    read = read / read.sum(axis=-1, keepdims=True)
    middle = 0.5 * (a + read)
    divergence = 0.5 * (rel_entr(a, middle) + rel_entr(read, middle)).sum(axis=-1) / np.log(2)
    return np.asarray(np.clip(divergence, 0.0, 1.0))


def speed(ledger: Ledger) -> None:
    """Each door against its twin, in batches and alone, masked and not."""
    rng = np.random.default_rng(0)
    for trials, n, d in ((1, 16, 8), *SIZES):
        v, a, b = rng.standard_normal((trials, n, d)), *rng.dirichlet(np.ones(n), (2, trials))
        most = ONE_INSTANCE if trials == 1 else MOST
        some = rng.random((trials, n)) < 0.7
        some[:, 0] = True
        for words, mask in (("", np.ones((trials, n), dtype=bool)), (", masked", some)):
            shown = mask if words else None
            contenders: dict[str, Callable[[], object]] = {
                "nullity": partial(nullity, v, shown),
                "nullity plainly": partial(nullity_plainly, v, mask),
                "effective_attention": partial(effective_attention, a, v, shown),
                "effective_attention plainly": partial(effective_plainly, a, v, mask),
                "whitening": partial(whitening, v, mask),
                "whitening plainly": partial(whitening_plainly, v, mask),
            }
            if not words:
                contenders |= {
                    "jsd_bits": partial(metrics.jsd_bits, a, b),
                    "jsd_bits plainly": partial(jsd_plainly, a, b),
                }
            seconds = best_of(contenders)
            for name in list(contenders)[::2]:
                what = f"{name} ({n}, {d}){words}"
                ledger.figure(f"{what}, us each", 1e6 * seconds[name] / trials)
                ledger.at_most(f"{what} against plainly", seconds[name] / seconds[f"{name} plainly"], most)


def agreement(ledger: Ledger) -> None:
    """All 5,000, and what each costs; what is asserted of them: tests/test_simplex_scales.py."""
    decided = sum(not agreed(v, o) for v, o in instances(TOTAL))
    ledger.figure(f"scipy's weights off by 1e-8, of {TOTAL} badly scaled", decided)
    uncertified, ours = 0, 0.0
    for v, o in instances(TOTAL):
        began = time.process_time()
        uncertified += int(not simplex_least_squares(o[None], v[None])[1][0])
        ours += time.process_time() - began
    ledger.at_most(f"uncertified of {TOTAL} badly scaled", uncertified, 0)
    ledger.figure("badly scaled, ms each", 1e3 * ours / TOTAL)


PARTS = {"speed": speed, "agreement": agreement}


if __name__ == "__main__":
    book = Ledger("doors")
    say("one core, CPU time")
    for name in sys.argv[1:] or list(PARTS):
        PARTS[name](book)
    sys.exit(book.close())
