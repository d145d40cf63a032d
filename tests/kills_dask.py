"""Kill -9 at random moments under Dask: the driver, a worker, the driver with all it started.

`python tests/kills_dask.py 200` tries 200 moments; the tests try a few. One small sweep is started again and
again on one cluster; each time something is killed, a killed worker is replaced, and what was done stays byte for
byte as it was. Whenever the sweep is whole, its table has the bytes of an undisturbed run, and no file is torn or
left over.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import clusters
from clusters import DaskCluster

MINE = Path(__file__).with_name("mine")
SWEEP = ("experiment=noop", "mood=slow", "level=range(8)", "inputs.n=4", "repeats=1")


def start(results: Path, *words: str) -> subprocess.Popen[bytes]:
    """The command, with all it starts in one group."""
    command = [sys.executable, "-m", "attnlab", f"--config-dir={MINE}", f"results={results}", *SWEEP, *words]
    results.mkdir(exist_ok=True)
    with (results.parent / "said.txt").open("ab") as said:
        return subprocess.Popen(command, stdout=said, stderr=said, start_new_session=True)


def finished(results: Path) -> dict[str, bytes]:
    """Every record that is done, by its name; each can be read."""
    found = {path.name: path.read_bytes() for path in (results / "noop" / "cells").glob("??/*.json")}
    return {name: told for name, told in found.items() if json.loads(told)["status"] == "done"}


def strike(process: subprocess.Popen[bytes], cluster: DaskCluster, chance: random.Random) -> str:
    """Kill something; what it was."""
    victim = chance.choice(("driver", "worker", "group"))
    if victim == "worker":
        cluster.kill(chance.randrange(1, len(cluster.processes)))
    elif process.poll() is None:
        (os.kill if victim == "driver" else os.killpg)(process.pid, signal.SIGKILL)
    return victim


def whole(results: Path, plain: bytes) -> None:
    """Raise AssertionError unless the sweep is as an undisturbed one, with nothing left over."""
    assert (results / "noop" / "results.csv").read_bytes() == plain, "another table"
    stray = [path for path in results.rglob("*") if path.name.startswith(".")]
    assert stray == [], stray


def main(points: int, seed: int = 0) -> None:
    """Try so many moments on a cluster of its own."""
    with clusters.dask() as cluster:
        tried(cluster, points, seed)


def tried(cluster: DaskCluster, points: int, seed: int) -> None:
    """Try so many moments. Raises AssertionError for anything that is lost, changed or left over."""
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        alone, results = Path(folder) / "alone", Path(folder) / "results"
        began = time.monotonic()
        assert start(alone, "exec=serial").wait() == 0
        longest = 1.5 * (time.monotonic() - began)  # seconds until the kill: as long as a whole run, about
        plain = (alone / "noop" / "results.csv").read_bytes()
        words = ("exec=dask", f"exec.address={cluster.address}", "exec.chunk=2")
        done = 0
        while done < points:  # ends: each round strikes once
            process = start(results, *words)
            time.sleep(chance.uniform(0.0, longest))
            victim = strike(process, cluster, chance)
            kept = finished(results)
            if victim == "worker":
                assert process.wait(timeout=300) == 0, (results.parent / "said.txt").read_text()[-2000:]
            process.wait()
            done += 1
            now = finished(results)
            assert {name: now.get(name) for name in kept} == kept, "a cell that was done ran again"
            print(f"{done}: {victim}, {len(kept)} of 8 done", flush=True)
            if len(now) == 8 or done == points:
                assert start(results, *words).wait(timeout=300) == 0
                assert {name: finished(results).get(name) for name in now} == now, "a done cell ran again"
                whole(results, plain)
                shutil.rmtree(results)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:] or ["20"]))
