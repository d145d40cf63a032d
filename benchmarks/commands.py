"""What looking costs: status, a plan, and runs of which every cell is there already.

CPU seconds of whole commands with their children, as multiples of a bare interpreter that imports numpy and pandas
(a quarter of a second on a laptop), each the median of a few, the bare one measured before each. The studies are
made first, with as few trials as they take: what is there costs the same however it was measured. Exits with 1 if
a command costs more than was promised.
"""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
import tempfile

from ledger import Ledger, say

ROUNDS = 3
SMALL = ("trials=20", "repeats=1", "samples=100", "model.steps=2")
STUDY = ("experiment=recovery", *SMALL[:2])
PROMISES = (
    ("status over everything", 8, ("action=status",)),
    ("a plan of recovery", 5, ("action=plan", *STUDY)),
    ("recovery, all cached", 10, STUDY),
    ("the tour, all cached", 40, SMALL),
)


def cpu(*command: str) -> float:
    """CPU seconds of one whole command, its children's too; raises CalledProcessError if it fails."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *command], check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main(results: str) -> int:
    """Measure the commands on a folder of results; returns the exit code."""
    ledger = Ledger("commands")
    lab = ("-m", "attnlab", f"results={results}")
    say("making the studies (minutes)")
    cpu(*lab, *SMALL)
    for words, allowed, command in PROMISES:
        ratios, spent = [], []
        for _ in range(ROUNDS):
            bare = cpu("-c", "import numpy, pandas")
            spent.append(cpu(*lab, *command))
            ratios.append(spent[-1] / bare)
        ledger.figure(f"{words}, CPU-s", statistics.median(spent))
        ledger.at_most(f"{words}, against the bare interpreter", statistics.median(ratios), allowed)
    return ledger.close()


def in_a_folder_of_its_own() -> int:
    with tempfile.TemporaryDirectory() as folder:
        return main(f"{folder}/results")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]) if len(sys.argv) > 1 else in_a_folder_of_its_own())
