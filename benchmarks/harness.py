"""What the harness itself costs: planning, running and skipping cells that do nothing.

Prints wall seconds of whole commands, what they may take, and their ratio to a bare interpreter that imports
numpy and pandas, so that the figures can be compared between machines. Exits with 1 if one takes too long.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

MINE = Path(__file__).parents[1] / "tests" / "mine"


def seconds(*command: str) -> float:
    """Wall seconds of one whole command; raises CalledProcessError if it fails."""
    began = time.perf_counter()
    subprocess.run([sys.executable, *command], check=True, capture_output=True)
    return time.perf_counter() - began


def main() -> int:
    """Run the commands and print one line each; returns the exit code."""
    late = 0
    with tempfile.TemporaryDirectory() as folder:
        lab = ("-m", "attnlab", f"--config-dir={MINE}", f"results={folder}/results", "experiment=noop")
        four_hundred = (*lab, "size=full", "level=range(200)")
        bare = seconds("-c", "import numpy, pandas")
        print(f"{'bare interpreter with numpy and pandas':<44}{bare:8.2f} s")
        for words, allowed, command in (
            ("10,000 cells planned", 5, (*lab, "level=range(5000)", "action=plan")),
            ("400 no-op cells, run and reported", 15, four_hundred),
            ("the same again, all cached", 5, four_hundred),
        ):
            taken = seconds(*command)
            late += taken > allowed
            print(f"{words:<44}{taken:8.2f} s (of {allowed:2d} s) {taken / bare:8.1f} x bare")
    return int(late > 0)


if __name__ == "__main__":
    sys.exit(main())
