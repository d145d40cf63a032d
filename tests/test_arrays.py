"""The one door: every public function takes the same arrays in the same way, and says what it cannot take."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

import attnlab.identifiability as identifiability
from attnlab.arrays import EPS, numbers, spacing, visible
from attnlab.decoders.base import Decoder, decode
from attnlab.decoders.least_squares import LeastSquares
from attnlab.decoders.max_entropy import MaxEntropy
from attnlab.decoders.nearest_value import NearestValue
from attnlab.decoders.simplex import Simplex
from attnlab.decoders.softmax_inverse import SoftmaxInverse
from attnlab.problems import Problems
from attnlab.shapes import Array, Sample

RNG = np.random.default_rng(0)
N, D = 9, 4
VALUES = RNG.standard_normal((3, N, D)).astype(np.float16).astype(np.float64)
"""Exact in every float type, so that answers do not depend on it."""
KEYS = RNG.standard_normal((3, N, 2)).astype(np.float16).astype(np.float64)
WEIGHTS = np.zeros((3, N))
WEIGHTS[:, :4] = [0.5, 0.25, 0.125, 0.125]
MASK = np.arange(N) < np.array([9, 7, 6])[:, None]


def _flat(answer: Any) -> list[Array]:
    """The arrays of an answer, an array itself or a dataclass of arrays."""
    if isinstance(answer, np.ndarray | np.generic):
        return [np.asarray(answer)]
    return [np.asarray(getattr(answer, name)) for name in answer.__dataclass_fields__]


def _decoding(decoder: Decoder) -> Callable[..., Any]:
    def ask(weights: Any, values: Any, keys: Any, mask: Any) -> Any:
        a = np.where(np.ones(N, bool) if mask is None else MASK, WEIGHTS, 0.0)
        seen = np.where(MASK[..., None], VALUES, 0.0) if mask is not None else VALUES
        return decode(decoder, np.matmul(a[:, None], seen)[:, 0], values, keys, mask)

    return ask


def _outputs(mask: Any) -> Array:
    return np.matmul(
        WEIGHTS[:, None], np.where(MASK[..., None], VALUES, 0.0) if mask is not None else VALUES
    )[:, 0]


ASK: dict[str, Callable[..., Any]] = {
    "is_unique": lambda a, v, k, m: identifiability.is_unique(a, v, m),
    "fibre_intervals": lambda a, v, k, m: identifiability.fibre_intervals(a, v, m),
    "top_certified": lambda a, v, k, m: identifiability.top_certified(a, v, m),
    "nullity": lambda a, v, k, m: identifiability.nullity(v, m, precision="float64"),
    "effective_attention": lambda a, v, k, m: identifiability.effective_attention(
        a, v, m, precision="float64"
    ),
    "softmax_inverse": lambda a, v, k, m: identifiability.softmax_inverse(_outputs(m), v, k, m, starts=2),
    "query_degree": lambda a, v, k, m: identifiability.query_degree(_outputs(m), v, v, m),
    "lost_by_degree": lambda a, v, k, m: identifiability.lost_by_degree(a, v, k, m),
    "same_order_type": lambda a, v, k, m: identifiability.same_order_type(v, k, m),
    "softmax_rivals": lambda a, v, k, m: identifiability.softmax_rivals(a, v, k, m),
    "softmax_scenario": lambda a, v, k, m: identifiability.softmax_scenario(0, 1, v, k, m),
    "simplex": _decoding(Simplex()),
    "least_squares": _decoding(LeastSquares()),
    "max_entropy": _decoding(MaxEntropy()),
    "nearest_value": _decoding(NearestValue()),
    "softmax_inverse decoder": _decoding(SoftmaxInverse()),
}
READS_WEIGHTS = ("is_unique", "fibre_intervals", "top_certified", "effective_attention")
ON_THE_SIMPLEX = ("is_unique", "fibre_intervals", "top_certified")


class Tensor:
    """Looks like a tensor on a device, inside a graph: no numpy array before detach and cpu."""

    def __init__(self, data: Array, dtype: str = "torch.float32", ready: int = 0) -> None:
        self.data, self.dtype, self.ready = data, dtype, ready

    def detach(self) -> Tensor:
        return Tensor(self.data, self.dtype, self.ready + 1)

    def cpu(self) -> Tensor:
        return Tensor(self.data, self.dtype, self.ready + 1)

    def float(self) -> Tensor:
        return Tensor(self.data, "torch.float32", self.ready)

    def __array__(self, dtype: Any = None, copy: Any = None) -> Array:
        assert self.ready == 2 and self.dtype != "torch.bfloat16"
        return np.asarray(self.data, dtype=np.float32)


def _read_only(array: Array) -> Array:
    copy = array.copy()
    copy.flags.writeable = False
    return copy


FORMS: dict[str, Callable[[Array], Any]] = {
    "lists": lambda array: array.tolist(),
    "float32": lambda array: array.astype(np.float32),
    "float16": lambda array: array.astype(np.float16),
    "long double": lambda array: array.astype(np.longdouble),
    "read only": _read_only,
    "fortran": np.asfortranarray,
    "every other row": lambda array: np.repeat(array, 2, axis=0)[::2],
    "objects": lambda array: array.astype(object),
    "a tensor": lambda array: pytest.importorskip("torch").tensor(array, requires_grad=True),
    "something like a tensor": Tensor,
}


def test_every_public_function_is_asked_here() -> None:
    """Of attnlab.identifiability those that take arrays: options are keyword-only, the mask follows the arrays."""
    asked = set()
    for name in identifiability.__all__:
        function = getattr(identifiability, name)
        signature = inspect.signature(function)
        if inspect.isclass(function) or "mask" not in signature.parameters:
            continue
        names = list(signature.parameters)
        place = names.index("mask")
        kinds = [signature.parameters[other].kind for other in names[place + 1 :]]
        assert all(kind is inspect.Parameter.KEYWORD_ONLY for kind in kinds), name
        assert names[:place] == [
            x for x in ("first", "second", "query", "weights", "output", "values", "keys") if x in names
        ], name
        asked.add(name)
    assert asked <= set(ASK), f"ask {asked - set(ASK)} too"


@pytest.mark.parametrize("name", ASK)
@pytest.mark.parametrize("form", FORMS)
def test_the_form_of_the_arrays_plays_no_part(name: str, form: str) -> None:
    made = FORMS[form]
    expected = _flat(ASK[name](WEIGHTS, VALUES, KEYS, None))
    found = _flat(ASK[name](made(WEIGHTS), made(VALUES), made(KEYS), None))
    for one, other in zip(expected, found, strict=True):
        assert one.shape == other.shape
        np.testing.assert_allclose(other.astype(float), one.astype(float), atol=1e-9, rtol=1e-6)


@pytest.mark.parametrize("name", ASK)
def test_masks_are_booleans_or_zeros_and_ones_and_hide_whatever_is_there(name: str) -> None:
    ask = ASK[name]
    expected = _flat(ask(WEIGHTS, VALUES, KEYS, MASK))
    hidden = ~MASK
    for filling in (np.nan, np.inf, 1e308):
        a, v, k = WEIGHTS.copy(), VALUES.copy(), KEYS.copy()
        a[hidden], v[hidden], k[hidden] = filling, filling, filling
        for mask in (
            MASK,
            MASK.astype(int),
            MASK.astype(np.float32),
            MASK.tolist(),
            MASK.astype(int).tolist(),
        ):
            for one, other in zip(expected, _flat(ask(a, v, k, mask)), strict=True):
                np.testing.assert_array_equal(other, one)
    for additive in (np.where(MASK, 0.0, -1e9), np.where(MASK, 0.0, -np.inf)):
        with pytest.raises(ValueError, match=r"additive mask.*pass `mask >= 0`"):
            ask(WEIGHTS, VALUES, KEYS, additive)
    with pytest.raises(ValueError, match=r"0 and 1.*got other numbers, such as 2"):
        ask(WEIGHTS, VALUES, KEYS, 2 * MASK)
    with pytest.raises(ValueError, match=r"mask \(\.\.\., 9\)"):
        ask(WEIGHTS, VALUES, KEYS, MASK[:, :5])
    with pytest.raises(ValueError, match="visible position"):
        ask(WEIGHTS, VALUES, KEYS, np.zeros((3, N)))


@pytest.mark.parametrize("name", ASK)
@pytest.mark.parametrize(
    ("values", "words"),
    [
        (VALUES[:, :, 0], "expected"),
        (VALUES[:, :0], "none of them 0"),
        (VALUES[:, :, :0], "none of them 0"),
        ([], "values"),
        ([[1.0, 2.0], [3.0]], "different lengths"),
        ([["a", "b"]] * N, "numbers"),
        (VALUES + 1j, "real values"),
        (np.where(VALUES.max() == VALUES, np.nan, VALUES), "finite values"),
        (np.where(VALUES.max() == VALUES, 1e308, VALUES), r"1e\+300"),
        (np.ma.masked_array(VALUES), "masked array"),
        (np.broadcast_to(VALUES[0], (2, N, D)), "leading axes that broadcast"),
    ],
)
def test_what_does_not_fit_is_refused_with_a_reason(name: str, values: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        ASK[name](WEIGHTS, values, KEYS, np.ones((3, N)))


@pytest.mark.parametrize(
    "name",
    ["softmax_inverse", "softmax_inverse decoder", "lost_by_degree", "same_order_type", "softmax_rivals"],
)
def test_keys_are_asked_the_same_questions(name: str) -> None:
    for keys, words in (
        (KEYS[:, :, :0], "none of them 0"),
        (KEYS[:, :5], "one size"),
        (KEYS * np.nan, "finite keys"),
    ):
        with pytest.raises(ValueError, match=words):
            ASK[name](WEIGHTS, VALUES, keys, None)


@pytest.mark.parametrize("name", ON_THE_SIMPLEX)
def test_rows_of_a_smaller_float_type_sum_to_one_within_its_rounding(name: str) -> None:
    """Softmax rows as models give them, n = 512 and 33: taken, their sums made 1; far from 1 they are refused."""
    torch = pytest.importorskip("torch")
    ask, rng = ASK[name], np.random.default_rng(1)
    v = rng.standard_normal((5, 3))
    scores = torch.tensor(4 * rng.standard_normal((200, 512)))
    for kind in (torch.float16, torch.bfloat16, torch.float32):
        rows = torch.softmax(scores.to(kind), dim=1)
        problems = Problems.of(np.zeros((512, 1)), weights=rows)
        admitted = problems.whole().given_weights
        assert np.abs(admitted.sum(axis=1) - 1).max() < 1e-12
        few = torch.softmax(scores[:3, :5].to(kind), dim=1)
        ask(few, v, None, None)
        with pytest.raises(ValueError, match="sum to 1"):
            ask(1.2 * few, v, None, None)
    cast = torch.softmax(scores[:20].float(), dim=1).double()
    assert (cast.sum(dim=1) - 1).abs().max() > 1e-9
    wide = rng.standard_normal((512, 3))
    with pytest.raises(ValueError, match="precision='float32'"):
        identifiability.is_unique(cast, wide)
    assert identifiability.is_unique(cast, wide, precision="float32").not_unique.all()
    for bad, words in (([1.5, -0.5, 0, 0, 0], "weights >= 0"), ([0.5, np.nan, 0.5, 0, 0], "finite weights")):
        with pytest.raises(ValueError, match=words):
            ask(bad, v, None, None)


def test_shapes_are_explained() -> None:
    with pytest.raises(
        ValueError, match=r"weights \(\.\.\., n\) and values \(\.\.\., n, d\).*\(3,\) and values \(4, 4\)"
    ):
        identifiability.is_unique(np.ones(3) / 3, np.eye(4))
    heads, few = np.full((8, 5, 6), 1 / 6), np.random.default_rng(2).standard_normal((2, 6, 3))
    with pytest.raises(
        ValueError, match=r"8 heads of weights and 2 of values.*np.repeat\(values, 4, axis=-3\)"
    ):
        identifiability.is_unique(heads[:, 0], few)
    with pytest.raises(ValueError, match=r"np.repeat\(values, 4, axis=-4\)"):
        identifiability.is_unique(heads, few[:, None])
    repeated = identifiability.fibre_intervals(heads, np.repeat(few[:, None], 4, axis=-4))
    split = identifiability.fibre_intervals(heads.reshape(2, 4, 5, 6), few[:, None, None])
    np.testing.assert_array_equal(split.reshape(8, 5, 6, 2), repeated)


def test_leading_axes_broadcast_by_one_rule() -> None:
    """A layer of heads, causal: values a head, mask a row; the same as every row on its own."""
    rng = np.random.default_rng(3)
    scores, values = rng.standard_normal((2, 6, 6)), rng.standard_normal((2, 1, 6, 2))
    causal = np.tri(6, dtype=bool)
    weights = np.exp(scores) * causal
    weights /= weights.sum(axis=-1, keepdims=True)
    found = identifiability.fibre_intervals(weights, values, causal)
    seen = identifiability.effective_attention(weights, values, causal)
    ranks = identifiability.nullity(values, causal).affine_rank
    assert found.shape == (2, 6, 6, 2) and ranks.shape == (2, 6)
    for head in range(2):
        for row in range(6):
            a, v = weights[head, row, : row + 1], values[head, 0, : row + 1]
            assert np.allclose(found[head, row, : row + 1], identifiability.fibre_intervals(a, v), atol=1e-9)
            assert np.allclose(
                seen[head, row, : row + 1], identifiability.effective_attention(a, v), atol=1e-9
            )
            assert ranks[head, row] == min(row + 1, 3)
    assert identifiability.is_unique(np.empty((0, 6)), values[0, 0]).unique.shape == (0,)


@pytest.mark.parametrize("name", ASK)
@pytest.mark.parametrize("scale", [1e-12, 1e12, 1e-150, 1e150])
def test_units_play_no_part(name: str, scale: float) -> None:
    """The law of every answer about weights: values times a factor, outputs with them."""
    ask = ASK[name]
    if "inverse" in name or name in ("simplex", "least_squares", "max_entropy", "nearest_value"):
        decoders = {"simplex": Simplex(), "least_squares": LeastSquares(), "max_entropy": MaxEntropy(),
                    "nearest_value": NearestValue(), "softmax_inverse decoder": SoftmaxInverse()}  # fmt: skip
        o = _outputs(None)
        if name == "softmax_inverse":
            one, other = (
                identifiability.softmax_inverse(s * o, s * VALUES, KEYS, starts=1).weights
                for s in (1.0, scale)
            )
        else:
            one, other = (decode(decoders[name], s * o, s * VALUES, KEYS).weights for s in (1.0, scale))
        np.testing.assert_allclose(other, one, atol=1e-7)
        return
    if name == "query_degree":
        o, degree = _outputs(None), identifiability.query_degree
        scaled = degree(scale * o, scale * VALUES, VALUES)
        assert scaled.decided.any()  # one output lies on a facet
        np.testing.assert_array_equal(scaled.degree, degree(o, VALUES, VALUES).degree)
        return
    for one, other in zip(
        _flat(ask(WEIGHTS, VALUES, KEYS, None)), _flat(ask(WEIGHTS, scale * VALUES, KEYS, None)), strict=True
    ):
        if one.dtype == float and name == "nullity":
            assert (np.log2(other / one) < 2).all()  # the gap is counted in units that are powers of two
        else:
            np.testing.assert_allclose(other, one, atol=1e-9)


def test_the_float_type_is_remembered() -> None:
    assert spacing([1.0]) == spacing(np.arange(3)) == EPS["float64"] == np.finfo(np.float64).eps
    assert spacing(np.ones(2, np.float32)) == np.finfo(np.float32).eps
    assert spacing(np.ones(2, np.float16)) == np.finfo(np.float16).eps
    assert spacing(pd.DataFrame({"a": [1.0], "b": np.ones(1, np.float32)})) == np.finfo(np.float32).eps
    assert spacing([1.0], "bfloat16") == EPS["bfloat16"]
    with pytest.raises(ValueError, match="precision one of"):
        spacing([1.0], "fp8")  # type: ignore[arg-type]
    frame = pd.DataFrame(VALUES[0])
    assert identifiability.is_unique(pd.Series(WEIGHTS[0]), frame).unique.shape == ()
    assert visible(pd.Series([True, False]), 2).tolist() == [True, False]


def test_a_sample_remembers_it_too() -> None:
    q, k, v = np.zeros((3, 2)), KEYS.astype(np.float32), VALUES.astype(np.float32)
    sample = Sample(q, k, v)  # type: ignore[arg-type]
    assert sample.values.dtype == sample.keys.dtype == np.float64
    assert sample.spacing == sample[np.arange(2)].spacing == EPS["float32"]
    assert Sample(q, KEYS, VALUES).spacing == EPS["float64"]
    padded = np.where(MASK[..., None], VALUES, np.nan)
    assert np.isfinite(Sample(q, KEYS, padded, mask=MASK).values).all()
    with pytest.raises(ValueError, match="finite values"):
        Sample(q, KEYS, padded)
    shared = Sample.of(v[0], mask=MASK)
    assert shared.values.shape == (3, N, D) and shared.spacing == EPS["float32"] and (shared.keys == 0).all()


@pytest.mark.parametrize("name", ON_THE_SIMPLEX)
def test_a_sum_far_from_one_is_told_from_rounding(name: str) -> None:
    """Weight on a masked position is missing from the sum: no float type is the cause."""
    with pytest.raises(ValueError, match=r"a sum 0\.5 away: is there weight on masked positions"):
        ASK[name](WEIGHTS, VALUES, None, np.arange(N) > 0)
    with pytest.raises(ValueError, match=r"a sum 1e-07 away: of a smaller float type"):
        ASK[name]((1 + 1e-7) * WEIGHTS, VALUES, None, None)


def test_the_float_type_of_a_tensor_is_remembered() -> None:
    torch = pytest.importorskip("torch")
    ones = torch.ones(2, dtype=torch.bfloat16)
    assert spacing(ones) == torch.finfo(torch.bfloat16).eps
    np.testing.assert_array_equal(numbers(ones), [1.0, 1.0])
