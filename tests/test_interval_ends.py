"""The ends of an interval where there are few events, against scipy, and in units of one's own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

from attnlab.harness.records import NAMED, NEEDED, SCHEMA
from attnlab.harness.store import Store
from attnlab.intervals import RARE, Measure, interval, rate_ends, wilson


@pytest.mark.parametrize("count", [12, 40, 400])
@pytest.mark.parametrize("hits", [0, 1, 3, RARE - 1])
@pytest.mark.parametrize("without", [False, True])
def test_few_events_have_at_least_the_exact_interval(hits: int, count: int, without: bool) -> None:
    """Clopper & Pearson's ends where they are the wider ones; so too where few trials are without the event."""
    seen = count - hits if without else hits
    exact = stats.binomtest(seen, count).proportion_ci(0.95, "exact")
    score = wilson(seen / count, count)
    expected = min(score[0], exact.low), max(score[1], exact.high)
    np.testing.assert_allclose(rate_ends(seen / count, count), expected, rtol=1e-9, atol=1e-15)


def test_many_events_have_wilsons_interval() -> None:
    assert rate_ends(RARE / 40, 40) == wilson(RARE / 40, 40)


@pytest.mark.parametrize("scale", [1e-3, 10.0])
def test_the_interval_of_a_mean_in_groups_scales_with_its_unit(scale: float) -> None:
    """Three groups of twelve hold a large value, so that the assumed correlation has a say, in any unit."""
    rng = np.random.default_rng(5)
    group = np.repeat(np.arange(12), 5)
    values = 0.01 * rng.uniform(size=group.size)
    values[[2, 21, 48]] = 0.6
    one = interval(values, Measure(0.0, 1.0), group)
    other = interval(scale * values, Measure(0.0, scale), group)
    expected = [scale * end for end in (one.value, one.low, one.high)]
    np.testing.assert_allclose((other.value, other.low, other.high), expected, rtol=1e-9)
    assert other.effective == pytest.approx(one.effective, rel=1e-9)
    upper = interval(1.0 - values, Measure(0.0, 1.0), group)  # the same, seen from the other bound
    np.testing.assert_allclose((1 - upper.high, 1 - upper.low), (one.low, one.high), rtol=1e-9)


@pytest.mark.parametrize("count", [9, 10])
def test_ten_trials_have_an_interval(count: int) -> None:
    assert interval(np.arange(count, dtype=np.float64)).known == (count == 10)


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "3",
        json.dumps({"key": "abd", "status": "done"}),
        json.dumps({"key": "abc", "status": "finished"}),
    ],
)
def test_what_is_not_the_record_of_its_key_is_missing(tmp_path: Path, text: str) -> None:
    store = Store(tmp_path)
    texts = dict.fromkeys(NEEDED, "x") | {"started": "2026-01-01T00:00:00+00:00"}
    mappings: dict[str, Any] = {name: {} for name in NAMED}
    store.write({"schema": SCHEMA, "key": "abc", "status": "skipped", "duration": 0.1, **texts, **mappings})
    assert store.status("abc") == "skipped"
    store.path("abc").write_text(text, encoding="utf-8")
    assert store.status("abc") == "missing" and not list(store.all())
    store.path("abc").unlink()
    store.path("abc").mkdir()  # not a file at all
    assert store.read("abc") is None
