"""What is counted does not hang on the last digits of what it is computed from."""

from __future__ import annotations

import dataclasses

import numpy as np
from members import exact_examples, member

from attnlab import attend
from attnlab.identifiability import softmax_rivals
from attnlab.shapes import Array
from attnlab.solvers.forty_digits import difference
from attnlab.solvers.kantorovich import certain_radius, confirmed, refined
from attnlab.solvers.steady_search import steady_twins, turns
from attnlab.solvers.whitening import whitening


def sharp(seed: int, trials: int = 30, n: int = 32, d: int = 8) -> tuple[Array, Array, Array]:
    """Weights, values and keys at temperature 0.1: from most starts the search wanders."""
    rng = np.random.default_rng(seed)
    keys, values = rng.standard_normal((2, trials, n, d))
    queries = rng.standard_normal((trials, d)) / 0.1 / np.sqrt(d)
    return attend(queries, keys, values).weights, values, keys


def test_rivals_are_found_and_confirmed_alike_whatever_the_last_digits() -> None:
    """Led by the arrays as given, the search of these trials took other starts to its first second query."""
    weights, values, keys = sharp(2)
    here = softmax_rivals(weights, values, keys)
    rng = np.random.default_rng(0)
    for _ in range(2):
        moved = values * (1 + 1e-15 * rng.standard_normal(values.shape))
        there = softmax_rivals(weights, moved, keys)
        for name in ("kept", "by_search", "by_degree", "flip", "first_start"):
            np.testing.assert_array_equal(getattr(here, name), getattr(there, name), err_msg=name)
    assert 0.2 < here.by_search.mean() < 1


def test_turned_and_mirrored_coordinates_lead_the_same_search() -> None:
    """What a decomposition is free to choose plays no part; it is another on another library of algebra."""
    weights, values, keys = sharp(0, trials=4, n=16, d=4)
    mask = np.ones(weights.shape, dtype=bool)
    span, known = whitening(keys, mask).span, whitening(values, mask).span
    rng = np.random.default_rng(1)
    outputs = np.matmul(weights[:, None], known)[:, 0]
    given = np.matmul(np.linalg.pinv(span), np.log(weights)[..., None])[..., 0]
    turn, other = (np.linalg.qr(rng.standard_normal((4, 4, 4)))[0] for _ in range(2))
    plain = steady_twins(span, known, mask, outputs, given)
    turned = steady_twins(
        span @ turn,
        known @ other,
        mask,
        np.matmul(outputs[:, None], other)[:, 0],
        np.matmul(given[:, None], turn)[:, 0],
    )
    assert plain.count.any()
    np.testing.assert_array_equal(plain.start, turned.start)
    back = np.matmul(turned.parameters, turn.swapaxes(1, 2))
    np.testing.assert_allclose(back, plain.parameters, rtol=1e-6, atol=1e-6)


def test_turns_are_orthogonal_and_leave_zero_columns_last() -> None:
    rows = np.random.default_rng(0).standard_normal((3, 9, 4))
    rows[1, :, 2:] = 0.0
    rows[2] = 0.0
    found = turns(rows)
    np.testing.assert_allclose(
        found @ found.swapaxes(1, 2), np.broadcast_to(np.eye(4), (3, 4, 4)), atol=1e-12
    )
    assert not (rows @ found)[1, :, 2:].any() and not (rows @ found)[2].any()


def test_what_is_confirmed_does_not_hang_on_where_the_search_stopped() -> None:
    """A query that is off by a few roundings, and one that is off by far more, lead to one exact query."""
    weights, values, keys = sharp(3, trials=8)
    found = softmax_rivals(weights, values, keys)
    bare = 0
    for trial in np.flatnonzero(found.by_search):
        first, k, v = found.query[trial], keys[trial], values[trial]
        every = np.ones((1, len(k)), dtype=bool)
        of_keys, of_values = whitening(k[None], every), whitening(v[None], every)
        others = steady_twins(
            of_keys.span,
            of_values.span,
            every,
            weights[trial] @ of_values.span,
            (first @ of_keys.unwhiten[0].T)[None],
        )
        for p in others.parameters[0, : others.count[0]]:
            second = of_keys.whiten[0] @ p
            verdicts = set()
            for off in (0.0, 1e-13, 1e-11):
                near = second * (1 + off)
                verdicts.add(confirmed(k, v, first, near))
                bare += certain_radius(k, v, difference(k, v, first, near), near) is None
            assert len(verdicts) == 1
    assert bare > 3  # where the theorem says nothing of the query as the search left it


def test_a_refinement_goes_no_farther_than_rounding_does() -> None:
    """From where there is no solution near, none is reached, and none is claimed."""
    line, even = np.array([[0.0], [1.0], [2.0]]), np.array([[0.0], [3.0], [1.0]])
    first = np.array([0.7])
    radius, query = refined(line, even, lambda near: difference(line, even, first, near), np.array([5.0]))
    assert radius is None and np.abs(query - 5.0) > 1e-4


def test_a_learned_projection_is_the_same_from_examples_that_differ_by_rounding() -> None:
    sample = member("inputs", "tokens", n=8, d=4, e=8, m=12)(200, np.random.default_rng(0))
    assert sample.tokens is not None
    a = member("weights", "softmax", temperature=0.2)(sample, np.random.default_rng(1))
    seen = exact_examples(a, dataclasses.replace(sample, values=sample.tokens))
    rng = np.random.default_rng(2)
    moved = dataclasses.replace(
        seen, outputs=seen.outputs * (1 + 1e-14 * rng.standard_normal(seen.outputs.shape))
    )
    part = member("projection", "learned_value", width=4)
    here, there = (part.fit(data, np.random.default_rng(3)) for data in (seen, moved))
    np.testing.assert_allclose(here, there, atol=1e-12)
