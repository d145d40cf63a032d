"""A made-up study for the report's tests: rates and means, failed, skipped and empty cells, theory curves."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from attnlab.intervals import SHARE, Interval
from attnlab.intervals import interval as interval_of
from attnlab.report import index
from attnlab.report import study as report
from attnlab.report.study import Study
from attnlab.verdicts import Answer, Verdict, interval

DECODERS = ("least_squares", "simplex", "max_entropy", "nearest_value")
SUPPORTS = (1, 2, 4, 8, 16)
WIDTHS = (4, 8, 16)


def table(trials: int = 200) -> pd.DataFrame:
    """Recall of four decoders over the support size and the value dimension."""
    rng = np.random.default_rng(7)
    rows: list[dict[str, object]] = []
    for d in WIDTHS:
        for k in SUPPORTS:
            for place, decoder in enumerate(DECODERS):
                cell: dict[str, object] = {
                    "study": "recovery", "key": f"{d:02d}{k:02d}{place}", "status": "done", "reason": None,
                    "inputs": "gaussian", "inputs.n": 32, "inputs.d": d, "weights": "uniform_support",
                    "weights.support": k, "decoder": decoder,
                    "decoder.ridge": 1e-8 if decoder == "least_squares" else None,
                    "trials": trials, "repeats": 5, "seed": 0,
                }  # fmt: skip
                if decoder == "nearest_value" and k == 16 and d == 4:
                    rows.append(cell | {"status": "skipped", "reason": "nearest_value names one position"})
                    continue
                if decoder == "max_entropy" and k == 8 and d == 8:
                    trace = "Traceback (most recent call last):\n  ...\nValueError: no <b>descent</b> | step"
                    rows.append(cell | {"status": "failed", "reason": trace})
                    continue
                reach = 1 / (1 + np.exp(1.1 * (k - d * (0.25 + 0.12 * place)) / np.sqrt(d)))
                parts = [rng.random(trials) < reach for _ in range(5)]
                rows += [
                    cell | measured("support_recall", "rate", interval_of(np.concatenate(parts) * 1.0, SHARE)),
                    cell | measured("total_variation", "mean", mean(1 - reach, trials, rng)),
                    cell | measured("residual", "mean", mean(10.0 ** -(12 + place), trials, rng)),
                    cell | measured("chance", "mean", constant(k / 32, trials)),
                    cell | measured("theory", "mean", constant(float(1 / (1 + np.exp(k - d / 2))), trials)),
                    cell | measured("sums_to_one", "rate", interval_of(np.ones(5 * trials), SHARE)),
                ]  # fmt: skip
                if decoder == "nearest_value" and k > 8:
                    rows[-5] |= {"value": np.nan, "low": np.nan, "high": np.nan, "count": 0, "nonfinite": 5}
    return pd.DataFrame(rows)


def measured(metric: str, kind: str, found: Interval) -> dict[str, object]:
    """One metric's columns."""
    return {
        "metric": metric, "kind": kind, "value": found.value, "low": found.low, "high": found.high,
        "count": found.count, "effective": found.effective, "nonfinite": 0,
    }  # fmt: skip


def mean(value: float, trials: int, rng: np.random.Generator) -> Interval:
    """A mean near `value` with a plausible interval."""
    half = value * float(rng.uniform(0.03, 0.08))
    return Interval(value, value - half, value + half, 5 * trials, 4.0 * trials)


def constant(value: float, trials: int) -> Interval:
    """An exact value."""
    return Interval(value, value, value, 5 * trials, 5 * trials)


def verdict(rows: pd.DataFrame) -> Verdict:
    """Words with numbers from the table."""
    simplex = interval(rows, "support_recall", {"decoder": "simplex", "weights.support": 1})
    linear = interval(rows, "support_recall", {"decoder": "least_squares", "inputs.d": 4})
    assert simplex is not None and linear is not None
    return Verdict(
        (
            f"Knowing V, one attended position of 32 comes back in {simplex.percent} of the trials.",
            f"Without a >= 0 only {linear.percent} of the positions do at d = 4.",
        ),
        (
            Answer("Q1", "n=32, d=4, all supports", "share of the attended positions recovered", linear),
            Answer("Q2", "n=32, k=1, d from 4 to 16", "share of the attended positions recovered", simplex),
        ),
        (
            "Generic values only: duplicates destroy positions at any d.",
            "A decoder's failure proves nothing.",
        ),
    )


def study(rows: pd.DataFrame) -> Study:
    """The facts beside the table."""
    gone = rows[rows["status"] != "done"]
    return Study(
        name="recovery",
        title="Knowing the values, which attended positions come back?",
        question="Knowing `V`, how much of the weights does the output give back? A decoder sees o and V^T.",
        method=(
            "Every trial draws fresh values and weights on k of n positions.\n\n"
            "The decoder returns weights; the k largest are compared with the truth."
        ),
        command="attnlab experiment=recovery size=quick 'decoder=glob(*)'",
        counts={"done": rows["key"].nunique() - len(gone), "failed": 1, "skipped": 1, "missing": 0},
        problems=[
            (f"inputs.d={row['inputs.d']} decoder={row['decoder']}", str(row["status"]), str(row["reason"]), 1)
            for _, row in gone.iterrows()
        ],
        settings={"inputs": "gaussian", "inputs.n": 32, "weights": "uniform_support", "seed": 0},
        provenance={"code": "24b3a11", "python": "3.11", "threads": 1, "started": "2026-01-02 03:04 UTC"},
        figures=[
            {
                "name": "recall", "kind": "lines", "x": "weights.support", "y": "support_recall",
                "hue": "decoder", "col": "inputs.d", "reference": ["chance", "theory"], "logx": True,
                "title": "Support recall falls where the support outgrows the dimension",
                "labels": {"theory": "exact law", "support_recall": "share of the support found"},
            },
            {
                "name": "residual", "kind": "lines", "x": "weights.support", "y": "residual",
                "hue": "decoder", "logx": True, "logy": True, "where": {"inputs.d": [4, 8]},
            },
            {
                "name": "map", "kind": "heat", "x": "inputs.d", "y": "weights.support",
                "value": "support_recall", "col": "decoder", "logx": True, "logy": True,
                "contours": [
                    {"metric": "support_recall", "label": "half, measured"},
                    {"metric": "theory", "label": "half, exact law"},
                ],
            },
            {
                "name": "observers", "kind": "points", "x": "decoder", "y": "support_recall",
                "hue": "inputs.d", "reference": ["chance"], "where": {"weights.support": [4]},
            },
            {
                "name": "conditions", "kind": "table", "x": "decoder",
                "y": ["support_recall", "total_variation"], "where": {"inputs.d": 8, "weights.support": 8},
                "title": "Four observers at d = 8, k = 8", "opening": True,
            },
            {
                "name": "shares", "kind": "tiles", "x": "decoder", "y": ["support_recall", "total_variation"],
                "inside": {"support_recall": "chance"}, "where": {"inputs.d": 8, "weights.support": 8},
            },
            {
                "name": "both", "kind": "lines", "x": "inputs.d", "y": ["support_recall", "residual"],
                "hue": "decoder", "col": "metric", "where": {"weights.support": 4},
            },
            {"name": "absent", "kind": "lines", "x": "inputs.m", "y": "support_recall"},
        ],
    )  # fmt: skip


def write(folder: Path) -> None:
    """The study's page and the index over it."""
    rows = table()
    words, facts = verdict(rows), study(rows)
    report.write(folder / "recovery", facts, rows, words)
    index.write(folder, [index.IndexEntry(facts, words, index.frames(facts, rows, facts.name))])
