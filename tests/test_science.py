"""Attend, collide and decode take whatever a caller holds, need only what they use, and refuse in words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from members import members

import attnlab
from attnlab.collisions.base import Construction
from attnlab.decoders.base import Decoder
from attnlab.parts import Declined
from attnlab.science import _kinds

N, D = 12, 3
rng = np.random.default_rng(0)
VALUES, KEYS, QUERY = rng.normal(size=(N, D)), rng.normal(size=(N, D)), rng.normal(size=D)
WEIGHTS = attnlab.attend(QUERY, KEYS, VALUES).weights
GIVEN = {"weights": WEIGHTS, "keys": KEYS, "queries": QUERY}


class Tensor:
    """What a torch tensor looks like from outside; nothing here imports torch."""

    def __init__(self, array: np.ndarray, graph: bool = True) -> None:
        self.array, self.graph = array, graph
        self.dtype = f"torch.{array.dtype}"

    def detach(self) -> Tensor:
        return Tensor(self.array, False)

    def cpu(self) -> Tensor:
        return self

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        assert not self.graph, "a tensor with a graph refuses to become an array"
        return self.array.astype(dtype) if dtype else self.array


def _read_only(array: np.ndarray) -> np.ndarray:
    array = array.copy()
    array.flags.writeable = False
    return array


HOLDERS: dict[str, Callable[[np.ndarray], Any]] = {
    "list": lambda array: array.tolist(),
    "float32": lambda array: array.astype(np.float32),
    "float16": lambda array: array.astype(np.float16),
    "read only": _read_only,
    "not contiguous": lambda array: np.repeat(array, 2, axis=-1)[..., ::2],
    "pandas": lambda array: pd.DataFrame(array) if array.ndim == 2 else pd.Series(array),
    "tensor": Tensor,
}


@pytest.mark.parametrize("holder", HOLDERS)
def test_any_array_will_do(holder: str) -> None:
    hold = HOLDERS[holder]
    near = {"float32": 1e-5, "float16": 2e-2}.get(holder, 1e-12)
    found = attnlab.attend(hold(QUERY), hold(KEYS), hold(VALUES))
    assert found.output.dtype == found.weights.dtype == np.float64
    np.testing.assert_allclose(found.weights, WEIGHTS, atol=near)
    pair = attnlab.collide(hold(VALUES), "null_step", weights=hold(WEIGHTS))
    assert pair.found.all() and pair.patterns.dtype == np.float64
    told = attnlab.decode(hold(found.output), hold(VALUES), hold(KEYS), decoder="nearest_value")
    assert told.weights.shape == (N,) and told.residual.shape == ()


def test_attend_is_the_equation() -> None:
    scores = np.exp(VALUES @ QUERY / 0.7)
    found = attnlab.attend(QUERY, VALUES, VALUES, temperature=0.7)
    np.testing.assert_allclose(found.weights, scores / scores.sum(), rtol=1e-12)
    np.testing.assert_allclose(found.output, found.weights @ VALUES, rtol=1e-12)


def test_a_causal_layer_of_heads_broadcasts() -> None:
    h = 2
    q, k, v = (np.random.default_rng(s).normal(size=(h, N, D)) for s in range(3))
    causal = np.tri(N, dtype=bool)
    o, a = attnlab.attend(q, k[:, None], v[:, None], mask=causal)
    assert o.shape == (h, N, D) and a.shape == (h, N, N)
    for head in range(h):
        for t in range(N):
            alone = attnlab.attend(q[head, t], k[head, : t + 1], v[head, : t + 1])
            np.testing.assert_allclose(o[head, t], alone.output, rtol=1e-12, atol=1e-14)
    assert not a[:, ~causal].any()


def test_what_is_masked_may_be_anything() -> None:
    keys, values, seen = KEYS.copy(), VALUES.copy(), np.arange(N) < 9
    keys[9:], values[9:] = np.nan, np.inf
    found = attnlab.attend(QUERY, keys, values, mask=seen)
    np.testing.assert_allclose(found.output, attnlab.attend(QUERY, KEYS[:9], VALUES[:9]).output, rtol=1e-12)
    with pytest.raises(ValueError, match="expected finite keys"):
        attnlab.attend(QUERY, keys, VALUES)


@pytest.mark.parametrize("kind", members("collision"))
def test_a_construction_needs_what_it_uses_and_reads_nothing_else(kind: str) -> None:
    made = _kinds("collisions", Construction)[kind]()  # type: ignore[type-abstract]
    needed: dict[str, Any] = {name: GIVEN[name] for name in made.uses}
    pair = attnlab.collide(VALUES, kind, **needed)
    assert pair.found.all() and pair.patterns.shape[2] == N
    other = np.random.default_rng(1)
    unused: dict[str, Any] = {
        "keys": other.normal(size=(N, D)),
        "queries": other.normal(size=D),
        "weights": other.dirichlet(np.ones(N)),
    }
    more = attnlab.collide(VALUES, kind, **{**unused, **needed})
    np.testing.assert_array_equal(more.patterns, pair.patterns)
    for name in needed:
        without: dict[str, Any] = {other: array for other, array in needed.items() if other != name}
        with pytest.raises(ValueError, match=name):
            attnlab.collide(VALUES, kind, **without)


@pytest.mark.parametrize("decoder", members("decoder"))
def test_a_decoder_asks_for_keys_if_it_knows_them(decoder: str) -> None:
    made = _kinds("decoders", Decoder)[decoder]()  # type: ignore[type-abstract]
    o = WEIGHTS @ VALUES
    if "K" in made.knows.split():
        with pytest.raises(ValueError, match="expected keys for"):
            attnlab.decode(o, VALUES, decoder=decoder)
        return
    one = attnlab.decode(o, VALUES, decoder=decoder)
    np.testing.assert_array_equal(one.weights, attnlab.decode(o, VALUES, KEYS, decoder=decoder).weights)
    batch = attnlab.decode(np.stack([[o, o]] * 3), VALUES, decoder=made)
    assert batch.weights.shape == (3, 2, N) and batch.converged.shape == (3, 2)
    np.testing.assert_allclose(batch.weights[2, 1], one.weights, atol=1e-9)


def test_the_same_seed_gives_the_same_pair_and_settings_are_taken() -> None:
    one, two = (attnlab.collide(VALUES, rng=4).patterns for _ in range(2))
    np.testing.assert_array_equal(one, two)
    assert attnlab.collide(VALUES, "tverberg", patterns=2).patterns.shape == (1, 2, N)
    by_query = attnlab.collide(VALUES, "null_step", keys=KEYS, queries=QUERY)
    np.testing.assert_allclose(by_query.patterns[0, 0], WEIGHTS, rtol=1e-12)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: attnlab.collide(VALUES, "radn"), "a construction, one of .*did you mean radon.*got 'radn'"),
        (lambda: attnlab.collide(VALUES, "tverberg", pattern=3), "pattern=3: expected a setting of tverberg"),
        (lambda: attnlab.collide(VALUES, "tverberg", patterns=1), "patterns=1: expected an integer >= 2"),
        (lambda: attnlab.collide(VALUES, "null_step", queries=QUERY), "expected keys with the queries"),
        (
            lambda: attnlab.decode(VALUES[0], VALUES, decoder="simplx"),
            "a decoder, one of .*did you mean simplex",
        ),
        (
            lambda: attnlab.attend(QUERY, KEYS[:5], VALUES),
            "expected values .* got values .12, 3. and keys .5, 3.",
        ),
        (lambda: attnlab.attend(QUERY[:2], KEYS, VALUES), "expected queries .*, 3., .* got .2,"),
        (lambda: attnlab.attend(QUERY, KEYS, VALUES, temperature=0), "expected a temperature > 0, got 0"),
        (
            lambda: attnlab.attend(np.zeros((2, D)), np.zeros((3, N, D)), VALUES),
            "leading axes that broadcast",
        ),
        (lambda: attnlab.attend(QUERY, KEYS, "text"), "expected values as numbers"),
    ],
)
def test_refusals_say_what_was_expected(call: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        call()


def test_what_cannot_be_is_declined_with_the_reason() -> None:
    with pytest.raises(Declined, match="affinely independent"):
        attnlab.collide(VALUES[: D + 1])
