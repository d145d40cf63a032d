"""What fitting the probes costs: the pointer on 20,000 examples, and one eigendecomposition against a loop.

Seconds of one core and ratios measured side by side in one run. Exits with 1 if a promise is missed.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before numpy: one core is what is claimed

import sys
import time

import numpy as np
from ledger import Ledger, say
from sklearn.linear_model import Ridge

from attnlab.attention import output
from attnlab.inputs.tokens import Tokens
from attnlab.probes.pointer import Pointer
from attnlab.probes.scores import hit
from attnlab.probes.targets import examples
from attnlab.solvers.ridge_path import RidgePath
from attnlab.solvers.softmax_fit import bilinear_scores
from attnlab.weights.softmax import Softmax

EXAMPLES, N, M, D = 20_000, 32, 32, 16
LIMIT = 20.0
LOOP = 10.0
"""How many times cheaper one eigendecomposition is than a fit for each penalty, at least."""


def pointer(ledger: Ledger) -> None:
    """The pointer's whole fit, the choice of its penalty included."""
    rng = np.random.default_rng(0)
    sample = Tokens(n=N, d=D, e=D, m=M)(EXAMPLES + 2000, rng)
    a = Softmax(temperature=0.3)(sample, rng)
    data = examples(output(a, sample.values), a, sample)
    train, held = data[np.arange(EXAMPLES)], data[np.arange(EXAMPLES, EXAMPLES + 2000)]
    began, cpu = time.perf_counter(), time.process_time()
    reader = Pointer().fit(train, rng)
    wall, cpu = time.perf_counter() - began, time.process_time() - cpu
    began = time.process_time()
    assert train.tokens is not None
    for _ in range(20):
        bilinear_scores(train.outputs, train.tokens, np.ones((D, M)))
    scores = (time.process_time() - began) / 20
    say(f"pointer, {EXAMPLES} examples, n={N}, m={M}, d={D}; chance {1 / N:.3f}")
    ledger.at_most("pointer, s of one core", cpu, LIMIT)
    ledger.figure("pointer, s wall", wall)
    ledger.figure("pointer, in evaluations of its scores", cpu / scores)
    ledger.figure("pointer, held-out top-1", float(hit(reader(held), held.goal).mean()))


def ridge(ledger: Ledger) -> None:
    """41 penalties, the validation loss of each."""
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((4000, 64)), rng.standard_normal((4000, 32))
    other_x, other_y = rng.standard_normal((1000, 64)), rng.standard_normal((1000, 32))
    penalties = np.logspace(-8, 2, 41)
    began = time.process_time()
    path = RidgePath.of(x, y).losses(other_x, other_y, penalties)
    once = time.process_time() - began
    began = time.process_time()
    loop = []
    for penalty in penalties:
        model = Ridge(alpha=penalty * len(x)).fit(x, y)
        loop.append(((other_y - model.predict(other_x)) ** 2).sum() / len(other_x))
    many = time.process_time() - began
    gap = float(np.abs(path / np.array(loop) - 1).max())
    ledger.at_least("ridge path, 41 penalties against a loop of fits", many / once, LOOP)
    ledger.at_most("ridge path, relative gap of the losses", gap, 1e-9)


if __name__ == "__main__":
    book = Ledger("probes")
    pointer(book)
    ridge(book)
    sys.exit(book.close())
