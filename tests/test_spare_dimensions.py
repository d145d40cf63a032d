"""Near misses of outputs: the search against lines walked through, the law against counting, rounding."""

from __future__ import annotations

import numpy as np
import pytest
from members import member
from scipy.special import gamma
from small_tables import table_of

from attnlab.attention import output, softmax_weights
from attnlab.experiments import spare
from attnlab.identifiability.misses import lost_by_rounding, near_misses, resolved
from attnlab.inputs.gaussian import Gaussian
from attnlab.seeds import Streams
from attnlab.shapes import Array, Sample
from attnlab.solvers.formats import Format, stored
from attnlab.theory.misses import AWAY, expected_misses
from attnlab.theory.rivals import expected_rivals
from attnlab.weights.softmax import Softmax


def drawn(trials: int, n: int, d: int, e: int, seed: int = 0) -> tuple[Array, Sample]:
    sample = Gaussian(n=n, d=d, e=e)(trials, np.random.default_rng(seed))
    return Softmax()(sample, np.random.default_rng(0)), sample


def line(sample: Sample, trial: int, a: Array) -> tuple[Array, Array]:
    """Along all queries of one dimension: the distance of the output, and of the weights."""
    x = np.sinh(np.linspace(-6, 6, 20_001))
    b = softmax_weights(x[:, None] * sample.keys[trial, :, 0], np.ones((len(x), sample.n), dtype=bool))
    distance = np.linalg.norm(b @ sample.values[trial] - a[trial] @ sample.values[trial], axis=1)
    return distance, 0.5 * np.abs(b - a[trial]).sum(axis=1)


def test_the_search_finds_the_minima_of_a_line() -> None:
    a, sample = drawn(80, n=6, d=2, e=1)
    found = near_misses(a, sample.values, sample.keys, sample.mask)
    checked = missed = 0
    for trial in range(80):
        distance, apart = line(sample, trial, a)
        low = (distance[1:-1] < distance[:-2] - 1e-9) & (distance[1:-1] < distance[2:] - 1e-9)
        for least in distance[1:-1][low & (apart[1:-1] >= AWAY + 1e-3)]:
            checked += 1
            missed += np.abs(found.distance[trial] - least).min() >= 1e-3
    assert checked >= 8 and missed <= 0.2 * checked  # a search: far ones need not be found


@pytest.mark.parametrize(("n", "d", "e"), [(8, 2, 1), (8, 3, 2), (12, 5, 4), (6, 4, 4), (9, 2, 3)])
def test_misses_are_what_they_are_said_to_be(n: int, d: int, e: int) -> None:
    a, sample = drawn(20, n, d, e)
    found = near_misses(a, sample.values, sample.keys, sample.mask)
    for trial in range(20):
        there = np.isfinite(found.distance[trial])
        assert there.sum() == found.count[trial]
        for b, distance in zip(found.weights[trial, there], found.distance[trial, there], strict=True):
            assert 0.5 * np.abs(b - a[trial]).sum() >= AWAY
            moved = (b - a[trial]) @ sample.values[trial]
            assert abs(np.linalg.norm(moved) - distance) < 1e-12
            logs = np.log(np.maximum(b, 1e-300))
            inside = b > 1e-9  # on these the logarithms are an affine function of the keys
            design = np.column_stack([sample.keys[trial][inside], np.ones(inside.sum())])
            assert (
                np.abs(design @ np.linalg.lstsq(design, logs[inside], rcond=None)[0] - logs[inside]).max()
                < 1e-6
            )


def test_a_miss_at_d_equal_to_e_that_is_none_is_a_rival() -> None:
    """With as many dimensions as the keys the law is that of rivals, those that are away."""
    _, sample = drawn(1, n=7, d=1, e=1, seed=3)
    query, keys = sample.queries[0], sample.keys[0]
    near = expected_misses(query, keys, 1, away=1e-4)
    assert near == pytest.approx(expected_rivals(query, keys).value, abs=2e-3)
    assert expected_misses(query, keys, 1, away=0.5) < near


@pytest.mark.parametrize(("d", "away"), [(1, 0.25), (2, 0.25), (4, 0.5)])
def test_the_quadrature_of_the_law_agrees_with_another(d: int, away: float) -> None:
    """e = 1: the integrand written out, summed over a fine grid of the whole line."""
    rng = np.random.default_rng(d)
    keys, query = rng.standard_normal((6, 1)), np.array([0.4])
    u = np.linspace(-8, 8, 100_001)
    b = softmax_weights(np.sinh(u)[:, None] * keys[:, 0], np.ones((len(u), 6), dtype=bool))
    gap = b - softmax_weights(query * keys[:, 0], np.ones(6, dtype=bool))
    slope = b * (keys[:, 0] - b @ keys)
    size = np.maximum((gap**2).sum(axis=1), 1e-12)
    off = slope - gap * ((gap * slope).sum(axis=1) / size)[:, None]
    rate = (2 * np.pi * size) ** (-d / 2) * np.linalg.norm(off, axis=1)
    rate[0.5 * np.abs(gap).sum(axis=1) < away] = 0.0
    total = float((rate * np.cosh(u)).sum() * (u[1] - u[0]))
    chi = np.sqrt(2) * gamma((d + 1) / 2) / gamma(d / 2)  # the mean length of d standard Gaussians
    ball = np.pi ** ((d - 1) / 2) / gamma((d - 1) / 2 + 1)
    assert expected_misses(query, keys, d, away=away) == pytest.approx(chi * ball * total, rel=1e-3)


@pytest.mark.parametrize(("d", "e", "eps"), [(2, 1, 0.05), (3, 1, 0.1), (3, 2, 0.05), (4, 2, 0.1)])
def test_near_misses_are_as_many_as_the_law_says(d: int, e: int, eps: float) -> None:
    """With half the weight moved eps is small: 2,000 trials, and the law's mean over 100 of them."""
    a, sample = drawn(2000, n=8, d=d, e=e, seed=10 * d + e)
    found = near_misses(a, sample.values, sample.keys, sample.mask, away=0.5, starts=24)
    count = float((found.distance <= eps).sum())
    queries = sample.queries / np.sqrt(e)
    each = [expected_misses(queries[t], sample.keys[t], d, away=0.5, draws=600, rng=t) for t in range(100)]
    law = 2000 * np.mean(each) * eps ** (d - e)
    error = np.hypot(np.sqrt(law), 2000 * np.std(each) / np.sqrt(100) * eps ** (d - e))
    assert (
        abs(count - law) < 4 * error + 0.12 * law
    )  # the law is that of eps -> 0: a tenth of it is curvature


@pytest.mark.parametrize("format", ["bfloat16", "float16"])
def test_what_is_lost_by_rounding_has_the_same_bits(format: Format) -> None:
    """Of one dimension: a line walked through finds the same bits only where the search says so."""
    a, sample = drawn(40, n=6, d=1, e=1, seed=2)
    lost = lost_by_rounding(a, sample.values, sample.keys, sample.mask, format)
    arrived = stored(output(a, sample.values), format)
    assert 0 < lost.mean() < 1
    x = np.sinh(np.linspace(-4, 4, 20_001))
    for trial in range(40):
        b = softmax_weights(x[:, None] * sample.keys[trial, :, 0], np.ones((len(x), 6), dtype=bool))
        same = (stored(b @ sample.values[trial], format) == arrived[trial]).all(axis=1)
        walked = bool((same & (0.5 * np.abs(b - a[trial]).sum(axis=1) >= AWAY)).any())
        assert lost[trial] or not walked
    widest = resolved(a, sample.values, format)
    assert (np.abs(arrived - output(a, sample.values)).max(axis=1) <= widest / 2 * (1 + 1e-12)).all()


def test_spare_dimensions_part_outputs() -> None:
    """The theorem's verdicts, and rounding loses what exact outputs keep: more in bfloat16 than in float16."""
    weights, trials = Softmax(), 40
    row = {
        d: spare.trial(Gaussian(n=16, d=d, e=4), weights, 0.1, 16, trials, trials, Streams(1))
        for d in (3, 5, 9)
    }
    assert row[3]["q3_lost"].all() and row[5]["q3_kept"].all() and row[9]["q3_kept"].all()
    digits = [np.nanmean(row[d]["agreeing_digits"]) for d in (3, 5, 9)]
    assert digits[0] > 12 > 3 > digits[1] > digits[2]
    assert row[3]["lost_float16"].mean() > 0.9 and row[9]["lost_bfloat16"].mean() == 0


@pytest.mark.parametrize("name", ["duplicated", "tied", "tokens", "positional"])
def test_other_inputs_have_misses_and_no_law(name: str) -> None:
    inputs = member("inputs", name, n=8, d=4, e=3)
    row = spare.trial(inputs, Softmax(), 0.1, 8, 5, 12, Streams(0))
    assert np.isnan(row["expected_misses"]).all() and np.isfinite(row["near_misses"]).all()
    assert np.isnan(row["lost_bfloat16"][5:]).all() and np.isfinite(row["lost_bfloat16"][:5]).all()


@pytest.mark.parametrize("scale", [1e-100, 1e100])
def test_digits_do_not_hang_on_the_units(scale: float) -> None:
    a, sample = drawn(10, n=8, d=4, e=3)
    one = near_misses(a, sample.values, sample.keys, sample.mask)
    other = near_misses(a, scale * sample.values, sample.keys, sample.mask)
    np.testing.assert_allclose(other.distance[:, 0] / scale, one.distance[:, 0], rtol=1e-6)


def test_the_law_refuses_what_it_is_not_about() -> None:
    keys = np.arange(6.0).reshape(3, 2) ** 2
    for arguments, told in (
        (([1.0], keys, 3), "query"),
        (([1.0, 2.0], keys, 1), "e <= 1"),
        (([1.0, np.nan], keys, 3), "finite"),
    ):
        with pytest.raises(ValueError, match=told):
            expected_misses(*arguments)
    with pytest.raises(ValueError, match="away"):
        expected_misses([1.0, 2.0], keys, 3, away=1.0)


def test_sentences_name_the_dimensions_of_the_keys_and_how_far_others_are() -> None:
    """Every loss found after rounding is of weights that are away: nearer ones with the same bits always exist."""
    table = table_of(
        "experiment=spare", "inputs.n=8", "inputs.d=2,3", "inputs.e=2", "near=0.1", "starts=8", "rounded=10"
    )
    found = spare.verdict(table)
    told = [sentence for sentence in found.sentences if "trials" in sentence]
    assert len(told) >= 3
    for sentence in told:
        assert "e = 2" in sentence, sentence
    (rounded,) = (sentence for sentence in found.sentences if sentence.startswith("Rounded to bfloat16"))
    assert f"at least {AWAY:g} away" in rounded
