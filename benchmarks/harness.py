"""What the harness itself costs: planning, running, skipping and reading cells that do nothing, and its rivals.

CPU seconds of whole commands with all their processes, as multiples of what they are compared with in the same
run, so that they hold on any machine: Hydra's own `--multirun` of a function that does nothing, and, where
`benchopt` is on the path (or named by $BENCHOPT), as many of its runs of a solver that does nothing. Exits with 1
if one takes too much.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from ledger import Ledger, say

ROOT = Path(__file__).parents[1]
MINE = ROOT / "tests" / "mine"
CELLS = 10_000
HYDRA = """
import hydra


@hydra.main(version_base="1.3", config_path=None)
def main(config):
    pass


main()
"""
BENCHOPT = {
    "objective.py": """
from benchopt import BaseObjective


class Objective(BaseObjective):
    name = "noop"
    sampling_strategy = "run_once"

    def set_data(self, level):
        self.level = level

    def get_objective(self):
        return {"level": self.level}

    def evaluate_result(self, value):
        return {"value": value}

    def get_one_result(self):
        return {"value": 0.0}
""",
    "datasets/levels.py": """
from benchopt import BaseDataset


class Dataset(BaseDataset):
    name = "levels"
    parameters = {"level": list(range(100))}

    def get_data(self):
        return {"level": self.level}
""",
    "solvers/noop.py": """
from benchopt import BaseSolver


class Solver(BaseSolver):
    name = "noop"
    sampling_strategy = "run_once"
    parameters = {"n": list(range(100))}

    def set_objective(self, level):
        self.level = level

    def run(self, _):
        self.value = float(self.level)

    def get_result(self):
        return {"value": self.value}
""",
}
"""A benchmark of 100 data sets and 100 solvers that do nothing."""


@dataclass(frozen=True)
class Cost:
    """CPU seconds of a command and of all it started, and the largest memory that one of its processes had, MB."""

    cpu: float
    peak: float


def cost(*command: str, folder: Path | None = None, code: int = 0) -> Cost:
    """Run a command to its end. Raises CalledProcessError if it ends with another exit code."""
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != code:
        raise subprocess.CalledProcessError(process.returncode, command)
    return Cost(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def hydra(folder: Path) -> float:
    """CPU seconds of one more job of Hydra's own multirun."""
    (folder / "app.py").write_text(HYDRA)
    few, many = (
        cost(sys.executable, "app.py", "--multirun", f"+x=range({jobs})", folder=folder).cpu
        for jobs in (5, 45)
    )
    return (many - few) / 40


def benchopt(folder: Path) -> tuple[float, float] | None:
    """CPU seconds of 10,000 runs of benchopt, fresh and cached; None where it is not installed."""
    program = os.environ.get("BENCHOPT") or shutil.which("benchopt")
    if program is None:
        return None
    for name, text in BENCHOPT.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    words = ("run", str(folder), "-n", "1", "-r", "1", "--no-plot", "--no-html")
    fresh, cached = (cost(program, *words, folder=folder).cpu for _ in range(2))
    return fresh, cached


def planning(ledger: Ledger, lab: tuple[str, ...], bare: float) -> None:
    """Planning many cells: how long, and that twice as many take no more than twice as long."""
    some, more = (
        cost(*lab, f"level=range({cells // 2})", "action=plan", "force=true").cpu
        for cells in (25_000, 50_000)
    )
    ledger.figure("50,000 cells planned, CPU s", more)
    ledger.at_most("25,000 more cells planned, against the first 25,000", (more - some) / some, 1.15)
    ledger.at_most("50,000 cells planned, against the bare interpreter", more / bare, 60)


def reporting(ledger: Ledger, lab: tuple[str, ...], bare: float) -> None:
    """The pages of 45,000 cells of which one has run: what is missing is listed by pattern."""
    first = ("study=unfinished", "mood=raise", "exec=serial", "exec.on_error=stop", "force=true")
    cost(*lab, "level=range(22500)", *first, code=1)
    pages = cost(*lab[:-2], "study=unfinished", "action=report", code=1)
    ledger.figure("45,000 cells reported, one of them run, CPU s", pages.cpu)
    ledger.at_most("45,000 cells reported, against the bare interpreter", pages.cpu / bare, 20)


def main() -> int:
    """Run the commands; returns the exit code."""
    ledger = Ledger("harness")
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        lab = (
            *(sys.executable, "-m", "attnlab", f"--config-dir={MINE}"),
            *(f"results={folder}/results", "experiment=noop", "trials=1", "repeats=1"),
        )
        bare = cost(sys.executable, "-c", "import numpy, pandas").cpu
        ledger.figure("bare interpreter with numpy and pandas, CPU s", bare)
        planning(ledger, lab, bare)
        reporting(ledger, lab, bare)
        every = (*lab, f"level=range({CELLS // 2})")
        began = time.perf_counter()
        fresh = cost(*every)
        ledger.figure("10,000 no-op cells, run and reported, s", time.perf_counter() - began)
        ledger.figure("10,000 no-op cells, run and reported, CPU s", fresh.cpu)
        cached = cost(*every)
        ledger.figure("the same again, all cached, CPU s", cached.cpu)
        ledger.at_most("the largest process of 10,000 cells, MB", max(fresh.peak, cached.peak), 300)
        job = hydra(folder)
        ledger.figure("one job of Hydra's multirun, CPU s", job)
        ledger.at_least("Hydra's multirun, against one cell", job / (fresh.cpu / CELLS), 40)
        (folder / "rival").mkdir()
        rival = benchopt(folder / "rival")
        if rival is None:
            say("  benchopt is not installed: not compared with it")
        else:
            for name, theirs, ours in (("fresh", rival[0], fresh.cpu), ("cached", rival[1], cached.cpu)):
                ledger.figure(f"10,000 runs of benchopt, {name}, CPU s", theirs)
                ledger.at_least(f"benchopt against attnlab, {name}", theirs / ours, 3)
    return ledger.close()


if __name__ == "__main__":
    sys.exit(main())
