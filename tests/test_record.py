"""Recording a PyTorch model: what lies in the file gives the model's own weights and outputs."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from attnlab.inputs.arrays import Arrays
from attnlab.parts import SettingError
from attnlab.recording import record

torch = pytest.importorskip("torch")
functional = torch.nn.functional
imported = functional.scaled_dot_product_attention


def stored(path: Path) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The softmax weights and outputs that a file of one call says, in float64."""
    file = np.load(path)
    values = file["values"].astype(float)
    if "weights" in file:
        weights = file["weights"]
    else:
        q, k = file["queries"].astype(float), file["keys"].astype(float)
        k = np.repeat(k, q.shape[-3] // k.shape[-3], axis=-3)
        logits = file["scale"] * q @ k.swapaxes(-1, -2)
        logits = np.where(file["mask"], logits, -np.inf) if "mask" in file else logits
        weights = np.exp(logits - logits.max(axis=-1, keepdims=True))
        weights /= weights.sum(axis=-1, keepdims=True)
    values = np.repeat(values, weights.shape[-3] // values.shape[-3], axis=-3)
    return weights, weights @ values


@pytest.fixture
def words() -> Any:
    return torch.randn(2, 5, 8, generator=torch.Generator().manual_seed(3))


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("asked", [True, False])
@pytest.mark.parametrize("padded", [True, False])
def test_multihead_attention_gives_its_own_weights(
    tmp_path: Path, words: Any, training: bool, asked: bool, padded: bool
) -> None:
    layer = torch.nn.MultiheadAttention(8, 2, batch_first=True).train(training)
    hidden = torch.tensor([[0, 0, 0, 0, 1], [0, 0, 0, 1, 1]]).bool() if padded else None
    told = {"key_padding_mask": hidden, "average_attn_weights": False}
    with record(tmp_path / "heads.npz") as seen:
        layer(words, words, words, need_weights=asked, **told)
    with torch.no_grad():
        _, expected = layer(words, words, words, need_weights=True, **told)
    assert list(seen.files.values()) == [(1, 2, 2, 5, 4)]
    assert np.allclose(stored(tmp_path / "heads.npz")[0][0], expected.numpy(), atol=1e-6)


def test_a_whole_encoder_is_seen_layer_by_layer(tmp_path: Path, words: Any) -> None:
    block = torch.nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
    model = torch.nn.TransformerEncoder(block, 3, enable_nested_tensor=False).eval()
    with torch.no_grad(), record(tmp_path / "heads.npz") as seen:
        model(words)
    assert list(seen.files.values()) == [(3, 2, 2, 5, 4)]


def test_the_model_answers_as_it_would_unrecorded(tmp_path: Path, words: Any) -> None:
    layer = torch.nn.MultiheadAttention(8, 2, dropout=0.5, batch_first=True)
    torch.manual_seed(1)
    alone = layer(words, words, words)
    torch.manual_seed(1)
    with record(tmp_path / "heads.npz"):
        watched = layer(words, words, words)
    assert all(map(torch.equal, alone, watched))
    watched[0].sum().backward()
    assert layer.in_proj_weight.grad is not None
    assert functional.scaled_dot_product_attention is imported


@pytest.mark.parametrize("kind", ["float64", "float32", "float16", "bfloat16"])
@pytest.mark.parametrize("call", [functional.scaled_dot_product_attention, imported])
def test_grouped_causal_calls_of_every_float_type(tmp_path: Path, kind: str, call: Any) -> None:
    numbers = torch.Generator().manual_seed(5)
    q = torch.randn(8, 6, 4, generator=numbers).to(getattr(torch, kind))
    k, v = (torch.randn(2, 6, 4, generator=numbers).to(getattr(torch, kind)) for _ in range(2))
    with record(tmp_path / "heads.npz", tokens=list("abcdef")):
        output = call(q, k, v, is_causal=True, scale=0.7, enable_gqa=True)
    file = np.load(tmp_path / "heads.npz")
    assert file["tokens"].tolist() == list("abcdef") and file["keys"].shape == (1, 2, 6, 4)
    assert file["values"].dtype.name == ("float32" if kind == "bfloat16" else kind)
    assert ("precision" in file) == (kind == "bfloat16")
    rounding = 8 * float(torch.finfo(getattr(torch, kind)).eps)
    assert np.allclose(stored(tmp_path / "heads.npz")[1][0], output.double().numpy(), atol=rounding)


@pytest.mark.parametrize("mask", ["keep", "additive", "bias"])
def test_masks_and_biases(tmp_path: Path, mask: str) -> None:
    numbers = torch.Generator().manual_seed(7)
    q, k, v = (torch.randn(1, 2, 4, 3, dtype=torch.float64, generator=numbers) for _ in range(3))
    keep = torch.ones(4, 4, dtype=torch.bool).tril()
    given = {
        "keep": keep,
        "additive": torch.zeros(4, 4, dtype=torch.float64).masked_fill(~keep, -1e9),
        "bias": torch.randn(4, 4, dtype=torch.float64, generator=numbers).masked_fill(~keep, -torch.inf),
    }[mask]
    with record(tmp_path / "heads.npz"):
        output = functional.scaled_dot_product_attention(q, k, v, attn_mask=given)
    weights, stored_output = stored(tmp_path / "heads.npz")
    assert ("weights" in np.load(tmp_path / "heads.npz")) == (mask == "bias")
    assert np.allclose(stored_output[0], output.numpy(), atol=1e-12)
    assert (weights[..., ~keep.numpy()] == 0).all()


def test_calls_of_another_shape_get_a_file_of_their_own(tmp_path: Path, words: Any) -> None:
    layer = torch.nn.MultiheadAttention(8, 2, batch_first=True)
    with record(tmp_path / "heads.npz") as seen:
        layer(words, words, words)
        layer(words[:, :1], words, words)
        layer(words, words, words)
    assert {path.name: shape for path, shape in seen.files.items()} == {
        "heads.npz": (2, 2, 2, 5, 4),
        "heads-2.npz": (1, 2, 2, 1, 4),
    }


def test_a_name_of_another_kind_of_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"ends in \.npz, got heads\.pt"), record(tmp_path / "heads.pt"):
        pass


def test_what_cannot_be_recorded_is_refused_and_nothing_is_written(tmp_path: Path, words: Any) -> None:
    layer = torch.nn.MultiheadAttention(8, 2, batch_first=True)
    with pytest.raises(ValueError, match="got none"), record(tmp_path / "heads.npz"):
        torch.softmax(words, dim=-1)
    with (
        pytest.raises(ValueError, match="expected 5 strings, one a position, got 2"),
        record(tmp_path / "heads.npz", ["a", "b"]),
    ):
        layer(words, words, words)
    with pytest.raises(ZeroDivisionError), record(tmp_path / "heads.npz"):
        layer(words, words, words)
        _ = 1 / 0
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("kind", ["float32", "float16", "bfloat16"])
@pytest.mark.parametrize("bias", [True, False])
def test_inputs_arrays_reads_what_was_recorded(tmp_path: Path, kind: str, bias: bool) -> None:
    numbers = torch.Generator().manual_seed(9)
    q = torch.randn(1, 4, 6, 3, generator=numbers).to(getattr(torch, kind))
    k, v = (torch.randn(1, 2, 6, 3, generator=numbers).to(getattr(torch, kind)) for _ in range(2))
    mask = torch.randn(6, 6, generator=numbers) if bias else torch.zeros(6, 6)
    mask = mask.masked_fill(~torch.ones(6, 6, dtype=torch.bool).tril(), -torch.inf).to(q.dtype)
    with record(tmp_path / "heads.npz", tokens=list("abcdef")):
        output = functional.scaled_dot_product_attention(q, k, v, attn_mask=mask, enable_gqa=True)
    heads = Arrays(path=str(tmp_path / "heads.npz")).heads
    assert (heads.layers, heads.heads, heads.n, heads.precision) == (1, 4, 6, kind)
    for number in range(4):
        head = heads.head(0, number)
        assert head.tokens == tuple("abcdef") and head.group == number // 2
        rounding = 8 * float(torch.finfo(getattr(torch, kind)).eps)
        assert np.allclose(head.weights @ head.values, output[0, number].double().numpy(), atol=rounding)
        assert head.mask.sum() == 21  # with a bias too: what is hidden can hold no weight


def test_a_precision_that_is_none_is_refused(tmp_path: Path) -> None:
    values = np.zeros((1, 2, 3, 2))
    np.savez(tmp_path / "heads.npz", values=values, queries=values, keys=values, precision="half")
    with pytest.raises(SettingError, match=r"expected precision to be one of .*bfloat16.*, got half"):
        Arrays(path=str(tmp_path / "heads.npz"))
