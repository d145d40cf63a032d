"""Kills a small sweep with -9 at random moments, a driver, a worker or all of them, until it is through.

After every kill the records must be whole; in the end the table must be that of a sweep nobody touched, byte for
byte, no cell that was done may have run again, no file may be left half written and no process behind. One figure:
the kills that were survived. `--kills 20` for fewer; `--seed` for others.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from ledger import Ledger, say

MINE = Path(__file__).parents[1] / "tests" / "mine"
GRID = ("experiment=noop", "level=range(12)", "inputs.n=4,8", "trials=4", "repeats=1", "mood=brief")
VICTIMS = ("driver", "worker", "group")


@dataclass
class Sweep:
    """One sweep under attack: where it is, how it is run, and what was done when it was last looked at."""

    results: Path
    way: tuple[str, ...]

    def start(self) -> subprocess.Popen[bytes]:
        """The command in a process group of its own."""
        own = (f"--config-dir={MINE}", f"results={self.results}")
        return subprocess.Popen(
            [sys.executable, "-m", "attnlab", *own, *GRID, *self.way],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )

    def done(self) -> dict[str, str]:
        """Each cell that is done, and the run that made it. Raises ValueError for a torn record."""
        found = {}
        for path in (self.results / "noop" / "cells").glob("??/*.json"):
            record = json.loads(path.read_text())
            if record["status"] == "done":
                found[record["key"]] = record["run_id"]
        return found

    def unfinished(self) -> list[Path]:
        """Files that somebody began to write."""
        return [path for path in self.results.rglob(".*") if path.is_file()]


def workers_of(driver: int) -> list[int]:
    """The processes of a driver that measure cells."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            mother = int(path.read_text().rpartition(")")[2].split()[1])
            if mother == driver and b"execution.worker" in path.with_name("cmdline").read_bytes():
                found.append(int(path.parent.name))
    return found


def gone(group: int) -> bool:
    """Whether no process of a group is left, a few seconds from now at the latest."""
    for _ in range(200):
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


def attack(sweep: Sweep, chance: random.Random, wait: float) -> list[str]:
    """Start a sweep and kill somebody of it after so many seconds; what is wrong then."""
    before = sweep.done()
    process = sweep.start()
    victim = chance.choice(VICTIMS)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(wait)
    if process.poll() is None:
        if victim == "worker":
            for worker in workers_of(process.pid)[:1]:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(worker, signal.SIGKILL)
        elif victim == "driver":
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)
    _, said = process.communicate(timeout=120)
    wrong = [] if gone(process.pid) else [f"processes are left behind ({victim})"]
    if b"Traceback" in said:
        wrong.append(f"a traceback ({victim}): {said.decode()[-2000:]}")
    after = sweep.done()
    again = [key for key, run in before.items() if after.get(key) != run]
    return wrong + ([f"{len(again)} done cells are lost or ran again ({victim})"] if again else [])


def besiege(folder: Path, way: tuple[str, ...], kills: int, chance: random.Random) -> list[str]:
    """Kill sweeps so many times, a new one whenever one is through; what went wrong."""
    whole = Sweep(folder / "whole", way)
    began = time.monotonic()
    whole.start().communicate()
    takes = time.monotonic() - began
    table = (whole.results / "noop" / "results.csv").read_bytes()
    wrong: list[str] = []
    number = 0
    sweep = Sweep(folder / f"sweep{number}", way)
    for kill in range(kills):
        wrong += attack(sweep, chance, chance.uniform(0.1, 1) * takes)
        if len(sweep.done()) == 24 or kill == kills - 1:
            process = sweep.start()
            process.communicate()
            if process.returncode != 0:
                wrong.append(f"the last run ended with {process.returncode}")
            if (sweep.results / "noop" / "results.csv").read_bytes() != table:
                wrong.append("the table is another one")
            wrong += [f"left half written: {path}" for path in sweep.unfinished()]
            number += 1
            sweep = Sweep(folder / f"sweep{number}", way)
    return wrong


def main() -> int:
    """Kill, count, and tell; returns the exit code."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--kills", type=int, default=200)
    words.add_argument("--seed", type=int, default=0)
    asked = words.parse_args()
    ledger = Ledger("kills")
    chance = random.Random(asked.seed)
    wrong: list[str] = []
    for place, workers in enumerate((1, 2)):
        kills = (asked.kills + 1 - place) // 2
        with tempfile.TemporaryDirectory() as folder:
            found = besiege(Path(folder), (f"exec.workers={workers}",), kills, chance)
        say(f"{kills} kills with {workers} workers: {len(found)} wrong", *found, sep="\n  ")
        wrong += found
    ledger.figure("kills", asked.kills)
    ledger.at_most("kills that lost, repeated or left something", len(wrong), 0)
    return ledger.close()


if __name__ == "__main__":
    sys.exit(main())
