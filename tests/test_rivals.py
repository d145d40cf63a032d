"""The expected number of rivals: its spot values, and a search that reaches it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import softmax

from attnlab.identifiability import expected_rivals, query_degree, softmax_inverse
from attnlab.oracles.degree import queries_on_a_line
from attnlab.theory.rivals import estimated_rivals


@pytest.mark.parametrize("n", [4, 8, 32])
def test_on_a_line_the_law_is_what_is_counted(n: int) -> None:
    """Settled once by 10,000 draws counted on 8,000 nodes of the whole line, beside the law's mean over 2,000.

    n = 4: counted .465 (+- .006), law .465 (.002); n = 8: .671 (.007) and .671 (.003); n = 32: .932 (.008) and
    .929 (.003). Another note has .881 and .886 for n = 32: what lies within |q'| < 30 is .89 (.87 within
    20), but at n = 4 that cut would leave .44. Far queries tell nearly equal extreme keys apart.
    """
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
    assert np.mean(law) == pytest.approx({4: 0.465, 8: 0.671, 32: 0.93}[n], abs=0.03)


def test_the_share_that_is_lost_hangs_on_the_temperature_and_is_not_nine_tenths() -> None:
    """(32, 2): settled once with 2,000 draws each; a search is complete where its signs add up to the degree.

    Lost: .844 (+- .008) for queries of variance 1/e (temperature 1), .828 for variance 1, .841 for unit queries,
    .856 for variance 1/e^2, .882 (.007) for the zero query, the most diffuse of all: a rate of .90 at temperature
    1 holds under none of them, even if every incomplete search (about 2 %; 5 of the 120 below) hid a rival.
    """
    rng = np.random.default_rng(32)
    trials = 120
    keys, values = rng.standard_normal((2, trials, 32, 2))
    queries = rng.standard_normal((trials, 2)) / np.sqrt(2)
    rates = []
    for scale in (0.0, 1.0):
        weights = softmax(np.matmul(keys, scale * queries[..., None])[..., 0], axis=1)
        o = np.matmul(weights[:, None], values)[:, 0]
        found = softmax_inverse(o, values, keys, starts=256)
        degree = query_degree(o, values, keys)
        complete = found.signs.sum(axis=1) == degree.degree
        assert degree.decided.mean() > 0.98 and complete.mean() > 0.94  # 3 sigma below .98 of 120
        rates.append(float((found.count > 1).mean()))
    assert rates[0] >= rates[1] and abs(rates[1] - 0.844) < 4 * np.sqrt(0.844 * 0.156 / trials)


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
    law = [estimated_rivals(queries[b], keys[b], draws=4000, rng=rng) for b in range(asked)]
    there = [estimated_rivals(queries[b], keys[b], draws=4000, other_top=True, rng=rng) for b in range(asked)]
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
