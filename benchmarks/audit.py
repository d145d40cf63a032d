"""An audit of 512 tokens of text: the heads of a sentence encoder, each with all its rows, by the command.

python benchmarks/audit.py            6 heads of 72, one a layer: 3,072 rows
python benchmarks/audit.py --all      certificates and top intervals of all 72: 36,864 rows
python benchmarks/audit.py --whole    the command over all 72, too
python benchmarks/audit.py --texts    four texts of 64 tokens, 18,432 rows, against independent figures
python benchmarks/audit.py --results DIR    keeps the cells, and goes on where another run of it was stopped

First certificates and top intervals alone, in this process: CPU seconds a row, against `linprog` on a few of the
same rows, and against one QR of the values of the head. Then the whole audit by the command, which is killed once
a few heads are done and started again: those that were done must stay as they are. Exits with 1 if a promise is
missed.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
import json
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from pydoc_data.topics import topics

import numpy as np
from ledger import Ledger, say
from scipy.optimize import linprog

import attnlab
from attnlab.identifiability import fibre_intervals, top_certified
from attnlab.inputs.head import Head
from attnlab.inputs.heads import Heads
from attnlab.inputs.minilm import Minilm
from attnlab.parts import Unavailable
from attnlab.pretrained import minilm

TOKENS, LAYERS, HEADS = 512, 6, 12
SOME = 3
"""Rows of a head that `linprog` is asked of too: seconds each."""
MEMORY = 2000
"""MB that the command may take."""


def cpu(work: Callable[[], object]) -> float:
    """CPU seconds of one call."""
    start = time.process_time()
    work()
    return time.process_time() - start


def done(results: Path) -> dict[str, str]:
    """The heads that are done, and the run that did each."""
    found = {}
    for path in (results / "audit" / "cells").glob("??/*.json"):
        record = json.loads(path.read_text())
        if record["status"] == "done":
            found[record["key"]] = record["run_id"]
    return found


def command(results: Path, heads: str) -> subprocess.Popen[bytes]:
    """The audit of these heads of every layer, in a process group of its own."""
    of = ("inputs=minilm", f"inputs.tokens={TOKENS}", "inputs.layer=each", f"inputs.head={heads}")
    words = [sys.executable, "-m", "attnlab", "experiment=audit", *of, "exec=serial", f"results={results}"]
    return subprocess.Popen(words, start_new_session=True)


def audit(ledger: Ledger, results: Path, heads: str, wanted: int) -> None:
    """The command, killed in the middle and started again."""
    results.mkdir(parents=True, exist_ok=True)
    before = done(results)
    start = time.monotonic()
    first = command(results, heads)
    while first.poll() is None and len(done(results)) < min(len(before) + 2, wanted):
        time.sleep(0.5)
    if first.poll() is None:
        os.killpg(first.pid, signal.SIGKILL)
    first.wait()
    kept = done(results)
    ended = command(results, heads).wait()
    after = done(results)
    seconds, rows = time.monotonic() - start, (len(after) - len(before)) * TOKENS
    again = sum(after.get(key) != run for key, run in kept.items())
    ledger.figure("the command, rows", len(after) * TOKENS)
    if rows:
        ledger.figure("the command, clock seconds", seconds)
        ledger.figure("the command, clock ms a row", 1e3 * seconds / rows)
    ledger.at_most("exit code of the second run", ended, 0)
    ledger.at_most("heads that were done and ran again after the kill", again, 0)
    ledger.at_most("heads that are missing", wanted - len(after), 0)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    ledger.at_most("the command, MB", peak, MEMORY)
    page = (results / "audit" / "report.html").stat().st_size / 1e6
    ledger.at_most("the page, MB", page, 1)


def programmes(head: Head, row: int) -> None:
    """Both ends of the top's interval as they are written: two programmes."""
    equations = np.column_stack([head.values, np.ones(len(head.values))]).T
    cost = np.eye(len(head.values))[head.weights[row].argmax()]
    for sign in (1.0, -1.0):
        linprog(sign * cost, A_eq=equations, b_eq=equations @ head.weights[row], method="highs")


def warm(head: Head) -> None:
    """Compile everything before anything is timed."""
    top_certified(head.weights[:9], head.values)
    fibre_intervals(head.weights[:9], head.values, positions="top")


def alone(ledger: Ledger, heads: Sequence[int]) -> None:
    """Certificates and top intervals without the rest, and what a row costs otherwise."""
    whole = Minilm(tokens=TOKENS).heads
    warm(whole.head(0, 0))
    ours, plain, decomposition, certain, width = ([] for _ in range(5))
    for layer in range(LAYERS):
        for number in heads:
            head = whole.head(layer, number)
            start = time.process_time()
            certain.append(top_certified(head.weights, head.values).certified)
            ends = fibre_intervals(head.weights, head.values, positions="top")
            ours.append(time.process_time() - start)
            width.append(np.diff(ends))
            with_ones = np.column_stack([head.values, np.ones(TOKENS)])
            decomposition.append(min(cpu(partial(np.linalg.qr, with_ones)) for _ in range(5)))
        rows = np.linspace(0, TOKENS - 1, SOME).astype(int)
        plain += [cpu(partial(programmes, head, row)) for row in rows]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    ledger.at_most("certificates and top intervals, MB", peak, MEMORY)
    ledger.figure("rows with a certificate and a top interval", len(ours) * TOKENS)
    a_row = sum(ours) / (len(ours) * TOKENS)
    ledger.figure("certified share", float(np.mean(certain)))
    ledger.figure("mean top width", float(np.mean(width)))
    ledger.figure("certificate and top interval, CPU ms a row", 1e3 * a_row)
    ledger.figure("certificate and top interval, CPU s for 36,864 rows", a_row * LAYERS * HEADS * TOKENS)
    ledger.figure("top interval by linprog, CPU ms a row", 1e3 * float(np.mean(plain)))
    rivals = (TOKENS - 1) / 2 * float(np.mean(plain))
    ledger.figure("certificate by linprog, a programme a rival, CPU s a row as it would be", rivals)
    ledger.at_least("linprog's top interval alone, against both of ours", float(np.mean(plain)) / a_row, 10)
    ledger.at_most("QRs of the values a row", a_row / float(np.median(decomposition)), 40)


def texts(ledger: Ledger) -> None:
    """All rows of all heads of four texts; independent figures over others: .67, .088 and .91."""
    text = " ".join(topics["assignment"].split())  # prose without its rulers
    certain, width, right = ([] for _ in range(3))
    for window in range(4):
        traced = minilm.traced_over(minilm.words(text, 64, window))
        whole = Heads(queries=traced.queries, keys=traced.keys, values=traced.values)
        for place in whole.each():
            head = whole.head(*place)
            certain.append(top_certified(head.weights, head.values).certified)
            width.append(np.diff(fibre_intervals(head.weights, head.values, positions="top")))
            told = attnlab.decode(head.weights @ head.values, head.values, decoder="max_entropy").weights
            right.append(told.argmax(axis=1) == head.weights.argmax(axis=1))
    ledger.figure("four texts, rows", sum(map(len, certain)))
    for name, found, low, high in (
        ("certified share", certain, 0.6, 0.74),
        ("mean top width", width, 0.07, 0.11),
        ("maximum entropy names the top", right, 0.86, 0.95),
    ):
        value = float(np.concatenate([part.ravel() for part in found]).mean())
        ledger.at_least(f"four texts, {name}", value, low)
        ledger.at_most(f"four texts, {name}, at most", value, high)


def main() -> int:
    """Audit, kill, go on, measure; returns the exit code."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--all", action="store_true", help="all heads, not one a layer")
    words.add_argument("--whole", action="store_true", help="the command over all heads, too")
    words.add_argument("--texts", action="store_true", help="four short texts against independent figures")
    words.add_argument("--results", type=Path, help="a folder for the cells, instead of one that goes")
    asked = words.parse_args()
    try:
        minilm.folder()
    except Unavailable as absent:
        say(f"nothing is measured: {absent}")
        return 0
    ledger = Ledger("audit")
    if asked.texts:
        texts(ledger)
    alone(ledger, range(HEADS) if asked.all or asked.whole else [0])
    with tempfile.TemporaryDirectory() as folder:
        results = asked.results or Path(folder)
        audit(ledger, results, "each" if asked.whole else "0", LAYERS * (HEADS if asked.whole else 1))
    return ledger.close()


if __name__ == "__main__":
    sys.exit(main())
