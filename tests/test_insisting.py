"""Ctrl-C while a cell of this process is in compiled code: heard between calls; who insists need not wait."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from attnlab import interruption
from attnlab.interruption import INSIST, INTERRUPTED, LINE
from attnlab.solvers import twin_query
from attnlab.solvers.twin_query import twins
from attnlab.solvers.whitening import whitening

KERNEL = """
import numpy as np
from attnlab import interruption
from attnlab.solvers.compiling import {decorator}

@{decorator}
def long(x):
    while x[0] != 0.0:
        x[0] = 0.5 + x[0] / 2.0

with interruption.tidied():
    long(np.zeros(1))
    print("in", flush=True)
    long(np.ones(1))
"""


@pytest.mark.parametrize("decorator", ["kernel", "exact"])
def test_who_insists_ends_a_kernel_that_does_not_return(tmp_path: Path, decorator: str) -> None:
    """As the manual says of any command; Python itself answers no signal before the kernel is done."""
    script = tmp_path / "long.py"
    script.write_text(KERNEL.format(decorator=decorator))
    process = subprocess.Popen(
        [sys.executable, str(script)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None and process.stdout.readline() == "in\n"
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(INSIST + 0.2)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    finally:
        process.kill()
    assert (process.returncode, err.strip()) == (INTERRUPTED, LINE)


def test_what_hears_interruptions_is_gone_with_its_block() -> None:
    """Signals are noted for others again, and an interruption is a KeyboardInterrupt still."""
    with pytest.raises(KeyboardInterrupt), interruption.tidied():
        signal.raise_signal(signal.SIGINT)
    assert signal.set_wakeup_fd(-1) == -1


@pytest.mark.parametrize("at_once", [1, 2**12])
def test_a_search_in_several_calls_is_the_search_in_one(
    monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    rng = np.random.default_rng(3)
    every = np.ones((5, 12), dtype=bool)
    span, known = (whitening(rng.standard_normal((5, 12, 3)), every).span for _ in range(2))
    targets = known.mean(axis=1) + 0.1 * rng.standard_normal((5, 3))
    whole = twins(span, known, every, targets, starts=16)
    monkeypatch.setattr(twin_query, "AT_ONCE", at_once)
    parts = twins(span, known, every, targets, starts=16)
    for name in ("parameters", "start", "count", "tried"):
        assert np.array_equal(getattr(whole, name), getattr(parts, name), equal_nan=name == "parameters")
    assert whole.count.any()


FORKED = """
import os
import signal
import time
from attnlab import interruption

interruption.INSIST = 0.1
with interruption.tidied():
    for _ in range(3):
        child = os.fork()
        if child == 0:
            try:
                time.sleep(60)
            finally:
                os._exit(0)
        time.sleep(0.3)
        os.kill(child, signal.SIGTERM)
        os.waitpid(child, 0)
    time.sleep(0.3)
print("goes on")
"""


def test_a_process_that_forks_off_and_is_ended_interrupts_nobody() -> None:
    """As the workers of a part of somebody's own are, again and again."""
    told = subprocess.run([sys.executable, "-c", FORKED], capture_output=True, text=True, timeout=60)
    assert (told.returncode, told.stdout) == (0, "goes on\n"), told.stderr
