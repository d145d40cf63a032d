"""Calls of attention that hold no plain arrays: causal rules are read as what they mean, the rest is refused."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from attnlab.inputs.arrays import Arrays
from attnlab.recording import record

torch: Any = pytest.importorskip("torch")
attention = torch.nn.functional.scaled_dot_product_attention


@pytest.mark.parametrize("corner", ["causal_upper_left", "causal_lower_right"])
@pytest.mark.parametrize("rows", [2, 5])
def test_a_causal_rule_is_read_as_the_mask_it_stands_for(tmp_path: Path, corner: str, rows: int) -> None:
    """Such a mask is a tensor whose numbers are never set: PyTorch itself takes its rule alone."""
    bias = pytest.importorskip("torch.nn.attention.bias")
    q, k, v = (torch.randn(1, 2, n, 4, dtype=torch.float64) for n in (rows, 5, 5))
    with record(tmp_path / "heads.npz"):
        output = attention(q, k, v, attn_mask=getattr(bias, corner)(rows, 5))
    heads = Arrays(path=str(tmp_path / "heads.npz")).heads
    for number in range(2):
        head = heads.head(0, number)
        np.testing.assert_allclose(head.weights @ head.values, output[0, number].numpy(), atol=1e-12)
        last = np.arange(rows)[:, None] + (5 - rows if corner.endswith("right") else 0)
        np.testing.assert_array_equal(head.mask, np.arange(5) <= last)


def test_rows_that_see_nothing_are_left_out_beside_a_bias_too(tmp_path: Path) -> None:
    """A batch padded on the left with slopes on the distances: its first rows see nothing."""
    hidden = torch.ones(5, 5, dtype=torch.bool).triu(1) | (torch.arange(5) < 2)
    bias = -torch.arange(5.0).expand(5, 5).abs() / 4
    x = torch.randn(1, 2, 5, 4)
    with record(tmp_path / "heads.npz"):
        attention(x, x, x, attn_mask=bias.masked_fill(hidden, -torch.inf))
    head = Arrays(path=str(tmp_path / "heads.npz")).heads.head(0, 1)
    assert head.rows.tolist() == [2, 3, 4]
    np.testing.assert_array_equal(head.mask, ~hidden[2:].numpy())
    np.testing.assert_allclose(head.weights.sum(axis=1), 1, atol=1e-12)


def over_lengths() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # nested tensors are a prototype
        texts = [torch.randn(length, 2, 4) for length in (3, 5)]
        x = torch.nested.nested_tensor(texts, layout=torch.jagged).transpose(1, 2)
        attention(x, x, x)


def over_texts() -> None:
    torch.func.vmap(lambda x: attention(x, x, x))(torch.randn(2, 2, 5, 4))


def without_numbers() -> None:
    x = torch.randn(1, 2, 5, 4, device="meta")
    attention(x, x, x)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (over_lengths, "expected texts of one length.*got a nested tensor"),
        (over_texts, "expected tensors that hold numbers.*vmap"),
        (without_numbers, "expected tensors that hold numbers.*meta"),
    ],
)
def test_what_holds_no_plain_numbers_is_refused_in_a_sentence(tmp_path: Path, call: Any, says: str) -> None:
    call()  # PyTorch itself answers
    with pytest.raises(ValueError, match=says) as refused, record(tmp_path / "heads.npz"):
        call()
    assert "\n" not in str(refused.value) and not list(tmp_path.iterdir())


def test_each_text_of_a_batch_has_its_own_words(tmp_path: Path) -> None:
    x = torch.randn(2, 3, 4, 6)
    with record(tmp_path / "heads.npz", tokens=[list("abcd"), list("efgh")]):
        attention(x, x, x)
        attention(x, x, x)
    heads = Arrays(path=str(tmp_path / "heads.npz")).heads
    assert [heads.words(layer) for layer in range(4)] == [tuple("abcd"), tuple("efgh")] * 2


@pytest.mark.parametrize(
    ("tokens", "says"),
    [
        ([list("abcd")], r"a list for each text of a batch \(2,\), got 1 lists"),
        ([list("abcd"), list("abc")], "as many strings for each text, padding included, got 3 and 4"),
        ([list("abc"), list("abc")], "expected 4 strings, one a position, got 3"),
        ([list("abcd"), "abcd"], "expected a list of strings"),
        ([list("abcd"), [1, 2, 3, 4]], "expected a list of strings"),
        ("abcd", "expected a list of strings"),
        ([], "got none"),
        (4, "expected a list of strings"),
    ],
)
def test_words_that_are_not_those_of_the_texts_are_refused(tmp_path: Path, tokens: Any, says: str) -> None:
    x = torch.randn(2, 3, 4, 6)
    with pytest.raises(ValueError, match=f"tokens: .*{says}"), record(tmp_path / "heads.npz", tokens):
        attention(x, x, x)
    assert not list(tmp_path.iterdir())
