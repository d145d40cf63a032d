"""The expected number of rivals: its spot values, and a search that reaches it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import softmax

from attnlab.identifiability import expected_rivals, softmax_inverse
from attnlab.oracles.degree import queries_on_a_line


@pytest.mark.parametrize("n", [4, 8, 32])
def test_on_a_line_the_law_is_what_is_counted(n: int) -> None:
    rng = np.random.default_rng(n)
    law: list[float] = []
    counted: list[float] = []
    for _ in range(600):
        keys, query, values = rng.standard_normal((n, 1)), rng.standard_normal(1), rng.standard_normal(n)
        weights = softmax(keys @ query)
        law.append(expected_rivals(query, keys).value if len(law) < 200 else float(np.mean(law[:200])))
        counted.append(queries_on_a_line(keys[:, 0], values, float(weights @ values), nodes=5000) - 1)
    error = np.hypot(np.std(law[:200]) / np.sqrt(200), np.std(counted) / np.sqrt(600))
    assert abs(np.mean(law) - np.mean(counted)) < 3 * error + 0.02  # the grid misses close pairs
    assert np.mean(law) == pytest.approx({4: 0.465, 8: 0.68, 32: 0.93}[n], abs=0.03)


@pytest.mark.parametrize(("n", "e"), [(8, 2), (32, 2), (16, 4)])
def test_the_number_of_rivals_found_reaches_the_law(n: int, e: int) -> None:
    rng = np.random.default_rng(100 * n + e)
    trials = 240
    keys, values = rng.standard_normal((trials, n, e)), rng.standard_normal((trials, n, e))
    queries = rng.standard_normal((trials, e)) / np.sqrt(e)
    weights = softmax(np.matmul(keys, queries[..., None])[..., 0], axis=1)
    found = softmax_inverse(np.matmul(weights[:, None], values)[:, 0], values, keys, starts=256)
    top = found.weights.argmax(axis=2) != weights.argmax(axis=1)[:, None]
    other = (top & np.isfinite(found.weights[..., 0])).sum(axis=1)
    asked = 60
    law = [expected_rivals(queries[b], keys[b], draws=4000, rng=rng) for b in range(asked)]
    there = [expected_rivals(queries[b], keys[b], draws=4000, other_top=True, rng=rng) for b in range(asked)]
    for numbers, count in ((law, found.count - 1), (there, other)):
        value = np.array([number.value for number in numbers])
        error = np.hypot(value.std() / np.sqrt(asked), count.std() / np.sqrt(trials))
        assert abs(value.mean() - count.mean()) < 3 * error
    assert np.median([number.effective for number in law]) > 50


def test_a_sharper_query_has_fewer_rivals_and_doors_are_kept() -> None:
    rng = np.random.default_rng(0)
    keys, query = rng.standard_normal((16, 2)), rng.standard_normal(2)
    wide, sharp = expected_rivals(query, keys), expected_rivals(10 * query, keys)
    assert sharp.value < wide.value and wide.error < 0.1 * wide.value
    assert expected_rivals(query, keys, other_top=True).value <= wide.value
    moved = expected_rivals(query / 5, 5 * keys + 3)
    assert moved.value == pytest.approx(wide.value, rel=1e-6)
    with pytest.raises(ValueError, match="e <= 4"):
        expected_rivals(np.zeros(5), rng.standard_normal((16, 5)))
    with pytest.raises(ValueError, match="span"):
        expected_rivals(query, np.ones((16, 2)))
