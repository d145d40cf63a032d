"""How long a study's page over more than 10,000 cells takes, and how large it is."""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
from ledger import Ledger, say

from attnlab.intervals import wilson
from attnlab.report.study import Study, write
from attnlab.verdicts import Claim, stated

SIZES = range(4, 64)
DECODERS = tuple(f"decoder {place}" for place in range(6))
SEEDS = range(28)
TRIALS = 200
FIGURES = (
    {"name": "curves", "kind": "lines", "x": "inputs.n", "y": "top1", "hue": "decoder", "where": {"seed": 0}},
    {"name": "map", "kind": "heat", "x": "inputs.n", "y": "seed", "value": "top1", "col": "decoder"},
    {"name": "named", "kind": "points", "x": "decoder", "y": "residual", "where": {"inputs.n": 8}},
)
CLAIM = Claim(metric="top1", says="The position is named", over="decoder", figure="curves")


def table(metrics: tuple[str, ...] = ("top1", "residual", "chance")) -> pd.DataFrame:
    """A row a cell and metric: sizes by decoders by seeds, rates with their intervals."""
    rng = np.random.default_rng(0)
    place = pd.MultiIndex.from_product(
        [SIZES, DECODERS, SEEDS, metrics], names=["inputs.n", "decoder", "seed", "metric"]
    )
    rows = place.to_frame(index=False)
    hits = rng.integers(0, TRIALS + 1, len(rows))
    ends = {hit: wilson(hit / TRIALS, TRIALS) for hit in range(TRIALS + 1)}
    key = [f"{line // len(metrics):08x}" for line in range(len(rows))]
    return rows.assign(
        study="large", key=key, status="done", reason=None, kind="rate", value=hits / TRIALS,
        low=[ends[hit][0] for hit in hits], high=[ends[hit][1] for hit in hits], count=TRIALS,
        effective=float(TRIALS), nonfinite=0, trials=TRIALS, repeats=1,
    )  # fmt: skip


def page(folder: Path, rows: pd.DataFrame) -> int:
    """The bytes of the page of this table, with its figures."""
    cells = rows["key"].nunique()
    facts = Study(name="large", title="Large", question="How large?", counts={"done": cells}, figures=FIGURES)
    return write(folder, facts, rows, stated(rows, [CLAIM]))[0].stat().st_size


def main() -> int:
    """Build the page once, and judge it."""
    ledger, rows = Ledger("pages"), table()
    say(f"a page over {rows['key'].nunique():,} cells")
    with tempfile.TemporaryDirectory() as folder:
        start, worked = time.perf_counter(), time.process_time()
        size = page(Path(folder), rows)
        took, worked = time.perf_counter() - start, time.process_time() - worked
    ledger.at_least("cells", rows["key"].nunique(), 10_000)
    ledger.at_most("megabytes", size / 1e6, 3)
    ledger.figure("seconds on the clock", took)
    ledger.at_most(
        "seconds", worked, 30
    )  # of this process: what else the machine does is no fault of the page
    return ledger.close()


if __name__ == "__main__":
    sys.exit(main())
