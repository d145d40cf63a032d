"""What the harness itself costs: planning, running and skipping cells that do nothing.

Wall seconds of whole commands, and what they may take as a multiple of a bare interpreter that imports numpy and
pandas, so that it holds on any machine. Exits with 1 if one takes too long.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from ledger import Ledger

MINE = Path(__file__).parents[1] / "tests" / "mine"


def seconds(*command: str) -> float:
    """Wall seconds of one whole command; raises CalledProcessError if it fails."""
    began = time.perf_counter()
    subprocess.run([sys.executable, *command], check=True, capture_output=True)
    return time.perf_counter() - began


def main() -> int:
    """Time the commands; returns the exit code."""
    ledger = Ledger("harness")
    with tempfile.TemporaryDirectory() as folder:
        lab = ("-m", "attnlab", f"--config-dir={MINE}", f"results={folder}/results", "experiment=noop")
        four_hundred = (*lab, "size=full", "level=range(200)")
        bare = seconds("-c", "import numpy, pandas")
        ledger.figure("bare interpreter with numpy and pandas, s", bare)
        for words, allowed, command in (
            ("10,000 cells planned", 10, (*lab, "level=range(5000)", "action=plan")),
            ("400 no-op cells, run and reported", 30, four_hundred),
            ("the same again, all cached", 15, four_hundred),
        ):
            taken = seconds(*command)
            ledger.figure(f"{words}, s", taken)
            ledger.at_most(f"{words}, against the bare interpreter", taken / bare, allowed)
    return ledger.close()


if __name__ == "__main__":
    sys.exit(main())
