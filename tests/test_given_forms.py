"""What a caller holds: tensors of every float type inside a graph, read-only arrays, pandas frames and series."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

import attnlab
from attnlab.shapes import Array

needs_torch = pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="needs the extra `torch`")
N, D, E = 7, 2, 3
RNG = np.random.default_rng(3)
VALUES, KEYS = (
    RNG.permuted(np.linspace(-8, 7.5, 32))[: N * D].reshape(N, D),
    RNG.integers(-3, 4, (N, E)) / 4.0,
)
"""Few binary digits: exact in bfloat16 and float16, so that the float type changes no answer."""
WEIGHTS = np.array([4, 2, 1, 1, 0, 0, 0]) / 8.0
OUTPUT = WEIGHTS @ VALUES
TENSORS = [(kind, graph) for kind in ("bfloat16", "float16", "float32", "float64") for graph in (False, True)]

Form = Callable[[Array], Any]
ASK: dict[str, Callable[[Form], Any]] = {
    "is_unique": lambda of: attnlab.is_unique(of(WEIGHTS), of(VALUES)),
    "fibre_intervals": lambda of: attnlab.fibre_intervals(of(WEIGHTS), of(VALUES)),
    "top_certified": lambda of: attnlab.top_certified(of(WEIGHTS), of(VALUES)),
    "nullity": lambda of: attnlab.nullity(of(VALUES), precision="float64"),
    "effective_attention": lambda of: attnlab.effective_attention(
        of(WEIGHTS), of(VALUES), precision="float64"
    ),
    "decode": lambda of: attnlab.decode(of(OUTPUT), of(VALUES)),
    "decode with keys": lambda of: attnlab.decode(of(OUTPUT), of(VALUES), of(KEYS), "softmax_inverse"),
    "collide": lambda of: attnlab.collide(of(VALUES)),
    "collide weights": lambda of: attnlab.collide(of(VALUES), "caratheodory", weights=of(WEIGHTS)),
}


def arrays(answer: Any) -> list[Array]:
    """The arrays of an answer: an array, a tuple, or an object with fields."""
    if isinstance(answer, np.ndarray):
        return [answer]
    fields = answer if isinstance(answer, tuple) else vars(answer).values()
    return [np.asarray(field) for field in fields if isinstance(field, np.ndarray | np.generic)]


def require_same(name: str, form: Form) -> None:
    """The answers for plain float64 arrays, and arrays of the same types: no tensor, no frame comes out."""
    expected, found = arrays(ASK[name](np.asarray)), arrays(ASK[name](form))
    assert expected, "an answer has arrays"
    for one, other in zip(expected, found, strict=True):
        assert (one.shape, one.dtype) == (other.shape, other.dtype)
        np.testing.assert_allclose(other.astype(float), one.astype(float), rtol=1e-6, atol=1e-9)


@needs_torch
@pytest.mark.parametrize(("kind", "graph"), TENSORS)
@pytest.mark.parametrize("name", ASK)
def test_tensors(name: str, kind: str, graph: bool) -> None:
    torch = pytest.importorskip("torch")

    def form(array: Array) -> Any:
        made = torch.tensor(array, dtype=getattr(torch, kind), requires_grad=graph)
        assert (made.detach().double().numpy() == array).all(), "exact in this type"
        return made * 1.0 if graph else made  # with a graph: no leaf, numpy() would raise

    require_same(name, form)


@pytest.mark.parametrize("name", ASK)
def test_frames_and_series(name: str) -> None:
    """Rows are positions, whatever their labels: an index of one's own moves nothing."""
    labels = [f"word {place}" for place in range(N)][::-1]

    def form(array: Array) -> Any:
        index = labels[: len(array)]
        return pd.Series(array, index=index) if array.ndim == 1 else pd.DataFrame(array, index=index)

    require_same(name, form)


@pytest.mark.parametrize("name", ASK)
def test_read_only_arrays_are_left_as_they_are(name: str) -> None:
    given = []

    def form(array: Array) -> Array:
        copy = array.copy()
        copy.flags.writeable = False
        given.append((copy, array))
        return copy

    require_same(name, form)
    assert all((copy == array).all() for copy, array in given)


@needs_torch
def test_the_float_type_of_a_tensor_counts() -> None:
    """Two values a rounding of bfloat16 apart are copies there, and two values in float64."""
    torch = pytest.importorskip("torch")
    values = VALUES.copy()
    values[5] = values[4] = [1.0, 2.0]
    values[5, 0] += 2.0**-7
    made = torch.tensor(values, dtype=torch.bfloat16, requires_grad=True)
    assert (made.detach().double().numpy() == values).all()
    assert attnlab.nullity(made).affine_null == attnlab.nullity(values).affine_null  # both of full rank
    hard = np.eye(N)[4]
    bounds = attnlab.fibre_intervals(hard, made)
    np.testing.assert_allclose(bounds[5], [0.0, 1.0], atol=1e-9)
    assert np.asarray(attnlab.fibre_intervals(hard, values))[5, 1] < 1.0
