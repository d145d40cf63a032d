"""Units play no part: what the mathematics says is the same at every scale of values, outputs and keys."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction

import numpy as np
import pytest
from members import members

import attnlab
from attnlab.arrays import Array, Mask, lengths
from attnlab.identifiability import softmax_scenario
from attnlab.oracles.rivals import rivals_counted
from attnlab.parts import Declined

POWERS = (-600, -300, -50, 150, 500)
TRIALS, N, D = 3, 12, 4
ROUNDED = "rounded"
"""The one construction for which units count: a format has a range."""


def drawn() -> dict[str, Array]:
    rng = np.random.default_rng(0)
    values, keys = rng.standard_normal((2, TRIALS, N, D))
    queries = rng.standard_normal((TRIALS, D))
    sparse = np.zeros((TRIALS, N))
    sparse[:, :2] = rng.dirichlet(np.ones(2), TRIALS)
    o, softmax = attnlab.attend(queries, keys, values)
    return {"V": values, "K": keys, "q": queries, "sparse": sparse, "softmax": softmax, "o": o}


def fields(found: object, *names: str) -> list[Array]:
    return [np.nan_to_num(np.asarray(getattr(found, name), dtype=float)) for name in names]


RIVALS = ("kept", "by_search", "by_degree", "flip", "first_start")
INVERSE = ("weights", "residual", "signs", "count", "determined")


def answers(g: dict[str, Array], v: float, k: float) -> dict[str, Callable[[], Sequence[Array | Mask]]]:
    """What every question answers where values are v times, keys k times those drawn: invariant numbers."""
    V, K, o, a = g["V"] * v, g["K"] * k, g["o"] * v, g["softmax"]
    affine = g["V"][:, :7] @ np.diag([1.0, 2.0, 3.0, -4.0]) * k
    few, words = V[:, :7], (np.arange(TRIALS), 3 + np.arange(TRIALS))
    return {
        "is_unique": lambda: fields(attnlab.is_unique(g["sparse"], V), "unique", "undecided", "margin"),
        "fibre_intervals": lambda: [attnlab.fibre_intervals(a, V)],
        "top_certified": lambda: fields(attnlab.top_certified(a, V), "certified", "undecided"),
        "nullity": lambda: fields(attnlab.nullity(V), "rank", "affine_rank", "gap", "affine_gap"),
        "effective_attention": lambda: [attnlab.effective_attention(a, V)],
        "softmax_inverse": lambda: fields(attnlab.softmax_inverse(o, V, K, starts=16), *INVERSE),
        "softmax_inverse, tied": lambda: fields(
            attnlab.softmax_inverse(few.mean(axis=1), few, affine), "weights", "count", "determined"
        ),
        "softmax_rivals": lambda: fields(attnlab.softmax_rivals(a, V, K), *RIVALS),
        "query_degree": lambda: fields(attnlab.query_degree(o, V, K), "degree", "decided"),
        "lost_by_degree": lambda: [attnlab.lost_by_degree(a, V, K)],
        "same_order_type": lambda: [
            attnlab.same_order_type(few, affine), attnlab.same_order_type(few, K[:, :7])
        ],
        "softmax_scenario": lambda: fields(
            softmax_scenario(words[0][:1], words[1][:1], V[:1], K[:1]), "found", "bound", "simplex"
        ),
    }  # fmt: skip


@pytest.mark.parametrize("name", sorted(answers(drawn(), 1.0, 1.0)))
def test_questions(name: str) -> None:
    g = drawn()
    here = answers(g, 1.0, 1.0)[name]()
    for p in POWERS:
        for v, k in ((2.0**p, 1.0), (1.0, 2.0**p), (2.0**p, 2.0**-p)):
            there = answers(g, v, k)[name]()
            for one, other in zip(here, there, strict=True):
                np.testing.assert_allclose(other, one, rtol=1e-9, atol=1e-9, err_msg=f"{name} {v} {k}")


@pytest.mark.parametrize("name", members("decoder"))
@pytest.mark.parametrize("scale", [*(2.0**p for p in POWERS), 1e160, 1e-200])
def test_decoders(name: str, scale: float) -> None:
    """Weights and the relative residual; 1e160 once broke a contract, 1e-200 had the residual 0."""
    g = drawn()
    here = attnlab.decode(g["o"], g["V"], g["K"], decoder=name)
    there = attnlab.decode(scale * g["o"], scale * g["V"], g["K"], decoder=name)
    np.testing.assert_allclose(there.weights, here.weights, atol=1e-9)
    np.testing.assert_allclose(there.residual, here.residual, rtol=1e-9, atol=1e-9)
    assert (there.converged == here.converged).all()


@pytest.mark.parametrize("name", sorted(set(members("collision")) - {ROUNDED}))
def test_collisions(name: str) -> None:
    g = drawn()
    given = {"weights": g["softmax"], "keys": g["K"], "queries": g["q"]}
    here = attnlab.collide(g["V"], name, **given)  # type: ignore[arg-type]
    assert here.found.any()
    for p in POWERS:
        there = attnlab.collide(2.0**p * g["V"], name, **given)  # type: ignore[arg-type]
        assert (there.found == here.found).all() and (there.gap[there.found] < 1e-9).all()
        np.testing.assert_allclose(there.patterns, here.patterns, atol=1e-9, err_msg=f"{p}")


def test_the_collision_that_hangs_on_units_says_so() -> None:
    g = drawn()
    for p in POWERS:
        if abs(p) > 100:
            with pytest.raises(Declined, match="outside the normal numbers of bfloat16"):
                attnlab.collide(2.0**p * g["V"], ROUNDED, weights=g["softmax"])


def test_lengths_scale_to_the_last_bit() -> None:
    rows = np.random.default_rng(0).standard_normal((4, 3, 5))
    for p in (-1000, -600, -1, 3, 600, 1000):
        assert (lengths(np.ldexp(rows, p)) == np.ldexp(lengths(rows), p)).all()
    assert lengths(np.zeros((2, 3))).tolist() == [0.0, 0.0]


@pytest.mark.parametrize("power", [-1000, -100, -4, 0, 1, 10, 300])
def test_at_no_temperature_a_verdict_is_wrong(power: int) -> None:
    """e = 1, `q k = k power log 2`: against the exact number of rivals, by Sturm's theorem."""
    rng, trials = np.random.default_rng(1), 40
    keys = [0, 1, 3, 4]
    values = np.rint(rng.standard_normal((trials, 4)) * 4096).astype(int)
    counted = np.array(
        [rivals_counted([Fraction(int(v)) for v in row], keys, Fraction(2) ** power) for row in values]
    )
    K, V = np.array(keys, dtype=float)[:, None], values[..., None].astype(float)
    o, weights = attnlab.attend([power * math.log(2)], K, V)
    found, degree = attnlab.softmax_rivals(weights, V, K), attnlab.lost_by_degree(weights, V, K)
    assert not (found.kept & (counted > 0)).any() and not ((found.lost | degree) & (counted == 0)).any()
    assert (attnlab.softmax_inverse(o, V, K).count - 1 == counted).mean() > 0.95
    assert found.lost.sum() > 0.2 * trials
