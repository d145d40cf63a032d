"""No interval leaves what is known of its metric, and the table and the pages know of the same intervals."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from attnlab.harness.cells import measures
from attnlab.harness.summary import summary
from attnlab.harness.table import read_csv
from attnlab.intervals import ANY, BITS, SHARE, UNIT, Measure, interval
from attnlab.verdicts.pooling import estimate, pooled

ROOT = Path(__file__).parents[1]
STUDIES = sorted(path.parent.name for path in (ROOT / "results" / "reference").glob("*/results.csv"))
EVERY = [
    (name, metric, measure)
    for name in STUDIES
    for metric, measure in measures(f"attnlab.experiments.{name}").items()
]


@pytest.mark.parametrize(("name", "metric", "measure"), EVERY, ids=lambda one: str(one)[:20])
def test_no_interval_passes_a_bound(name: str, metric: str, measure: Measure) -> None:
    """Of few values near either bound, in groups or not."""
    rng = np.random.default_rng(0)
    known = measure.among(16)
    low, high = max(known.low, -5.0), min(known.high, known.most, 40.0)
    for near in (low + 0.02 * (high - low), high - 0.02 * (high - low)):
        for values in (
            np.clip(near + 0.3 * (high - low) * rng.standard_normal(12), low, high),
            np.where(rng.random(12) < 0.9, high, low),
        ):
            values = np.round((values - low) / (high - low)) if measure.share else values
            for group in (None, np.arange(12) // 3, np.arange(12) // 6):
                found = interval(values, known, group)
                assert not found.known or known.low - 1e-12 <= found.low <= found.value + 1e-12
                assert (
                    not found.known
                    or found.value - 1e-12 <= found.high <= min(known.high, known.most) + 1e-12
                )


def test_bits_about_a_position_end_at_log2_of_the_positions() -> None:
    """Loose values just below: a symmetric interval would pass 4 bits of 16 positions."""
    values = np.array([3.9, 4.0, 3.2, 4.0, 2.5, 4.0, 4.0, 3.9, 4.0, 3.0])
    assert interval(values, BITS).high > 4.0
    assert interval(values, BITS.among(16)).high == 4.0
    assert BITS.among(None) is BITS and UNIT.among(16) is UNIT
    record = summary("entropy_bits", BITS.among(16), [values], [np.arange(10)])
    assert record["high"] == 4.0
    with pytest.raises(ValueError, match="outside"):
        summary("entropy_bits", BITS.among(16), [values + 0.5], [np.arange(10)])


def test_what_is_one_number_but_for_rounding_has_no_interval() -> None:
    """An exact law, the same in every trial, computed in another order of sums on another machine."""
    law = np.full(40, 0.2114597)
    for near in (law, law * (1 + 1e-15 * np.random.default_rng(0).standard_normal(40))):
        found = interval(near, UNIT)
        assert not found.known and found.value == pytest.approx(0.2114597, rel=1e-12)
    assert interval(law * (1 + 1e-9 * np.random.default_rng(0).standard_normal(40)), ANY).known


def test_trials_worth_less_than_one_have_an_interval_neither_in_the_table_nor_on_a_page() -> None:
    rng = np.random.default_rng(0)
    met = set()
    for groups in (2, 3, 5, 12):
        for rate in (0.0, 0.1, 0.5, 1.0):
            values = (rng.random(groups) < rate).repeat(60).astype(float)
            found = interval(values, SHARE, np.arange(groups).repeat(60))
            row = pd.DataFrame(
                {
                    "metric": ["q"], "kind": ["rate"], "value": [found.value], "low": [found.low],
                    "high": [found.high], "count": [found.count], "effective": [found.effective],
                    "seed": [0], "inputs": ["gaussian"],
                }
            )  # fmt: skip
            twice = pd.concat([row, row.assign(seed=0)])
            assert pooled(row).low == pytest.approx(found.low, nan_ok=True)
            if found.effective <= 1:
                met.add(groups)
                assert not found.known
                both = pooled(twice)
                assert not both.low <= both.high
    assert met


@pytest.mark.parametrize("name", STUDIES)
def test_tables_and_pages_agree_on_which_shares_have_an_interval(name: str) -> None:
    """Of the reference run: a row of its csv that has ends is worth more than one trial."""
    table = read_csv(ROOT / "results" / "reference" / name / "results.csv")
    shares = table[(table["kind"] == "rate") & table["low"].notna()]
    assert (shares["effective"] > 1).all()
    for row in shares[["value", "low", "high", "count", "effective"]].head(50).to_numpy():
        assert estimate(row).known
