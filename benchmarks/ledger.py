"""What a benchmark measured and what it promised, as one line of JSON.

A script tells what it finds as it goes (`say`, on stderr) and ends with `sys.exit(ledger.close())`: the line goes
to stdout and the exit code is 1 if a promise was missed. `make bench` appends the lines to
benchmarks/history.jsonl. A line holds the code, the versions and the number of cores it came from, and no name of
a machine.
"""

from __future__ import annotations

import functools
import json
import os
import platform
import subprocess
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

say = functools.partial(print, file=sys.stderr, flush=True)
"""Print for whoever watches."""
LIBRARIES = ("numpy", "scipy", "numba")


@dataclass(frozen=True)
class Ledger:
    """The figures of one benchmark and its promises, under names that stay the same from run to run."""

    benchmark: str
    figures: dict[str, float] = field(default_factory=dict)
    promises: dict[str, dict[str, float]] = field(default_factory=dict)
    missed: list[str] = field(default_factory=list)

    def figure(self, name: str, value: float) -> None:
        """A number that is kept and promised to nobody."""
        self.figures[name] = _rounded(value)

    def at_least(self, name: str, value: float, bound: float) -> None:
        """A promise: the value is the bound or more. NaN keeps none."""
        self._promise(name, value, "at_least", bound, value >= bound)

    def at_most(self, name: str, value: float, bound: float) -> None:
        """A promise: the value is the bound or less. NaN keeps none."""
        self._promise(name, value, "at_most", bound, value <= bound)

    def _promise(self, name: str, value: float, kind: str, bound: float, kept: bool) -> None:
        self.promises[name] = {"value": _rounded(value), kind: bound}
        if not kept:
            self.missed.append(name)
        say(f"  {name}: {value:.4g}, {kind.replace('_', ' ')} {bound:g} {'kept' if kept else 'MISSED'}")

    def close(self) -> int:
        """Print the line; the exit code. Raises ValueError for a benchmark that promised nothing."""
        if not self.promises:
            raise ValueError(
                f"expected a promise of {self.benchmark}, got none: nothing here could be missed"
            )
        print(json.dumps({"benchmark": self.benchmark, **_origin(), **self._found()}), flush=True)
        return int(bool(self.missed))

    def _found(self) -> dict[str, Any]:
        return {"figures": self.figures, "promises": self.promises, "missed": self.missed}


def _origin() -> dict[str, Any]:
    """When, from which code and with what a line was made."""
    described = subprocess.run(
        ["git", "describe", "--always", "--dirty"],
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        check=False,
    )
    return {
        "at": datetime.now(UTC).strftime("%Y-%m-%dT%H:%MZ"),
        "commit": described.stdout.strip() or "unknown",
        "python": platform.python_version(),
        "versions": {name: version(name) for name in LIBRARIES},
        "cores": os.cpu_count(),
    }


def _rounded(value: float) -> float:
    """Four digits: the next ones are another run's."""
    return float(f"{value:.4g}")
