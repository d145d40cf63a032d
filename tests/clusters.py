"""Real clusters for tests: a Slurm of one node, and a Dask scheduler with two workers, on loopback."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).with_name("cluster")
SLURM = ("slurmctld", "slurmd", "munged", "sbatch", "squeue", "scancel", "scontrol", "srun")
REQUIRED = "ATTNLAB_REQUIRE_CLUSTERS"
"""Set to 1: a test of a cluster that cannot be started fails, instead of being skipped."""


def lacking(reason: str) -> None:
    """Skip, or fail where clusters are required."""
    if os.environ.get(REQUIRED) == "1":
        pytest.fail(reason)
    pytest.skip(reason)


def until(true: Callable[[], object], seconds: float = 300) -> None:
    """Wait for something; fails when it does not come."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.05)


@contextmanager
def slurm() -> Iterator[Path]:
    """A Slurm of one node with two slots and arrays of two; the path of its slurm.conf."""
    absent = [name for name in SLURM if shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin") is None]
    if absent:
        lacking(f"no {', '.join(absent)} (Debian: apt-get install slurm-wlm munge)")
    if os.geteuid() != 0:
        lacking("starting Slurm's daemons takes root")
    folder = Path(tempfile.mkdtemp(prefix="slurm-"))
    env = {**os.environ, "PATH": f"{os.environ['PATH']}:/usr/sbin", "MAX_ARRAY_SIZE": "2"}
    try:
        started = subprocess.run(
            [SCRIPTS / "slurm-up", folder],
            env=env,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        if started.returncode:
            lacking(f"Slurm does not start here: {started.stderr.strip()}")
        yield folder / "slurm.conf"
    finally:
        subprocess.run([SCRIPTS / "slurm-down", folder], env=env, check=False)
        shutil.rmtree(folder, ignore_errors=True)


@dataclass
class DaskCluster:
    """A scheduler and its workers, each a process of its own that nobody starts again."""

    folder: Path
    address: str = ""
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        """`dask scheduler ...` or `dask worker ...`."""
        with (self.folder / "log.txt").open("ab") as log:
            command = [sys.executable, "-m", "dask", *words, "--host", "127.0.0.1", "--no-dashboard"]
            self.processes.append(subprocess.Popen(command, cwd=self.folder, stdout=log, stderr=log))
        return self.processes[-1]

    def worker(self) -> subprocess.Popen[bytes]:
        """One more worker, with one thread."""
        return self.start("worker", self.address, "--nthreads", "1", "--no-nanny", "--local-directory", ".")

    def kill(self, place: int) -> None:
        """End a worker as a crash would, and start another one."""
        process = self.processes.pop(place)
        process.kill()
        process.wait()
        self.worker()

    def told(self) -> str:
        """What its processes have said."""
        path = self.folder / "log.txt"
        return path.read_text() if path.exists() else ""


@contextmanager
def dask() -> Iterator[DaskCluster]:
    """A scheduler with two workers."""
    cluster = DaskCluster(Path(tempfile.mkdtemp(prefix="dask-")))
    try:
        cluster.start("scheduler", "--port", "0")
        until(lambda: "Scheduler at:" in cluster.told())
        cluster.address = cluster.told().partition("Scheduler at:")[2].split()[0]
        for _ in range(2):
            cluster.worker()
        until(lambda: cluster.told().count("Registered to:") == 2)
        yield cluster
    finally:
        for process in cluster.processes:
            process.kill()
            process.wait()
        shutil.rmtree(cluster.folder, ignore_errors=True)
