"""Shared by the tests: the command line run in this process, and a folder of one's own configs."""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import settings

for _name in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS"):  # a make that a test runs is no part of `make test`
    os.environ.pop(_name, None)
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"):
    os.environ.setdefault(_name, "1")  # as the application does; the cores are for the tests beside this one

sys.dont_write_bytecode = True  # a folder is as it was when something was imported from it

# The same examples in every run: a red run is about the change. Search wider with --hypothesis-profile=default.
settings.register_profile("steady", derandomize=True, deadline=None)
settings.load_profile("steady")


@contextlib.contextmanager
def heeding() -> Iterator[None]:
    """What starts in here heeds the signals of a terminal, also where the tests run under nohup."""
    before = {which: signal.signal(which, signal.SIG_DFL) for which in (signal.SIGHUP, signal.SIGINT)}
    try:
        yield
    finally:
        for which, how in before.items():
            signal.signal(which, how)


@dataclass(frozen=True)
class Answer:
    """What a command gave back."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Lab:
    """A folder with the noop experiment, and the command line pointed at it."""

    folder: Path
    command: Callable[..., Answer]
    drivers: list[subprocess.Popen[str]] = field(default_factory=list)

    @property
    def results(self) -> Path:
        return self.folder / "results"

    def __call__(self, *words: str) -> Answer:
        return self.command(f"--config-dir={self.folder / 'mine'}", f"results={self.results}", *words)

    def start(
        self, *words: str, said: int = subprocess.PIPE, under: Sequence[str] = ()
    ) -> subprocess.Popen[str]:
        """The command in a process of its own, with its children in one group; with the test it ends, too.

        said: where its words go; under: what starts it, `nohup` for example.
        """
        own = (f"--config-dir={self.folder / 'mine'}", f"results={self.results}")
        command = [*under, sys.executable, "-m", "attnlab", *own, *words]
        with heeding():
            self.drivers.append(
                subprocess.Popen(command, stdout=said, stderr=said, text=True, start_new_session=True)
            )
        return self.drivers[-1]

    def end(self) -> None:
        """End what was started and goes on: a test that failed would leave it, and its open pipes, to another."""
        for driver in self.drivers:
            if driver.poll() is None:
                os.killpg(driver.pid, signal.SIGKILL)
            driver.wait()
            for stream in filter(None, (driver.stdout, driver.stderr)):
                stream.close()


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Callable[..., Answer]:
    """`command("action=plan", ...)`: the console application in this process."""
    from attnlab.app import main

    def run(*words: str) -> Answer:
        monkeypatch.setattr(sys, "argv", ["attnlab", *words])
        monkeypatch.setattr(sys, "path", list(sys.path))
        capfd.readouterr()
        code, handlers = 0, list(logging.getLogger().handlers)
        try:
            main()
        except SystemExit as stop:
            code = int(stop.code or 0)
        finally:  # one that writes to this test's standard error would outlive it
            logging.getLogger().handlers[:] = handlers
        out, err = capfd.readouterr()
        return Answer(code, out, err)

    return run


@pytest.fixture
def lab(tmp_path: Path, command: Callable[..., Answer]) -> Iterator[Lab]:
    """The noop experiment in a folder of its own."""
    shutil.copytree(
        Path(__file__).with_name("mine"), tmp_path / "mine", ignore=shutil.ignore_patterns("__pycache__")
    )
    made = Lab(tmp_path, command)
    yield made
    made.end()


@pytest.fixture(scope="module")
def slurm_conf() -> Iterator[Path]:
    import clusters

    with clusters.slurm() as conf:
        yield conf


@pytest.fixture
def slurm(slurm_conf: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Commands of this test reach the cluster, whose queue is empty afterwards."""
    from clusters import until

    monkeypatch.setenv("SLURM_CONF", str(slurm_conf))
    yield
    subprocess.run(["scancel", "--partition=main"], check=True)
    until(lambda: not subprocess.run(["squeue", "--noheader"], capture_output=True).stdout)
