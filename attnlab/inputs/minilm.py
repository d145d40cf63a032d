"""Heads of a sentence encoder over a text: 6 layers of 12 heads, d = 32."""

from __future__ import annotations

import functools
import hashlib
import re
from dataclasses import dataclass, field
from pathlib import Path
from pydoc_data.topics import topics
from typing import Annotated, ClassVar

from attnlab.inputs.heads import Heads
from attnlab.inputs.recorded import Recorded, Sizes
from attnlab.parts import Between, DataFile, Index, SettingError
from attnlab.pretrained import minilm

MODEL = "MiniLM"
WORDED = re.compile(r"\w")
"""What a line of text has, and a ruler under a heading has not."""


@dataclass(frozen=True)
class Minilm(Recorded):
    """Queries, keys and values of all-MiniLM-L6-v2 over a window of a text, in float64 (`attnlab.pretrained`).

    Settings: text, a file in UTF-8, null: what Python's own help says of its topics, by the alphabet, without the
    rulers under its headings; tokens: of a window, the first [CLS] and the last [SEP]; window: which one, counted
    from 0; layer and head as of every recorded source. content, found out: a hash of the text, which hangs on
    Python's version where it is Python's.
    Raises Unavailable where the model's files are absent or others.
    """

    version: ClassVar[int] = 3

    text: DataFile | None = None
    tokens: Annotated[int, Between(3, minilm.LONGEST)] = 64
    window: Index = 0
    content: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "content", "")
        super().__post_init__()
        object.__setattr__(self, "content", _hash(self._read))

    @property
    def says(self) -> str:  # type: ignore[override]  # constant in most parts
        """The heads, the model and the text."""
        text = "Python's help" if self.text is None else Path(self.text).name
        return f"{self.chosen} of MiniLM over {self.tokens} tokens of {text}"

    @property
    def heads(self) -> Heads:
        return _heads(self._words)

    @property
    def sizes(self) -> Sizes:
        """Those of the model and of the window: the encoder does not run for them."""
        n = len(self._words.numbers)
        return Sizes(minilm.LAYERS, minilm.HEADS, n, minilm.WIDTH, minilm.WIDTH, MODEL, "float64")

    @property
    def _words(self) -> minilm.Words:
        try:
            return minilm.words(self._read, self.tokens, self.window)
        except ValueError as error:
            raise SettingError("window", self.window, str(error).partition("expected ")[2]) from None

    @property
    def _read(self) -> str:
        if self.text is None:
            return _help()
        path = Path(self.text).expanduser()
        try:
            told = path.stat()
            return _text(path, (told.st_mtime_ns, told.st_size, told.st_ino))
        except (OSError, UnicodeError) as error:
            raise SettingError("text", self.text, f"a file of text in UTF-8: {error}") from error


@functools.lru_cache(maxsize=1)  # one object for all cells, so that it is cut into tokens once
def _help() -> str:
    every = "\n".join(topics[name] for name in sorted(topics))
    return "\n".join(line for line in every.splitlines() if WORDED.search(line))


@functools.lru_cache(maxsize=4)
def _text(path: Path, _stamp: tuple[int, ...]) -> str:
    return path.read_text(encoding="utf-8")


@functools.lru_cache(maxsize=4)
def _hash(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


@functools.lru_cache(maxsize=4)  # the cells of a sweep over layers and heads share a window
def _heads(words: minilm.Words) -> Heads:
    traced = minilm.traced_over(words)
    return Heads(
        queries=traced.queries,
        keys=traced.keys,
        values=traced.values,
        tokens=words.strings,
        source=MODEL,
    )
