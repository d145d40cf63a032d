"""Records what a PyTorch model's attention saw, without a line of the model's code: a file for `inputs=arrays`."""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from attnlab.files import write_atomically
from attnlab.parts import Unavailable

if TYPE_CHECKING:
    from attnlab.torch_calls import Call

Words = NDArray[np.str_]
EXTRA = "recording a model needs torch: pip install 'attnlab[torch]'"


@dataclass
class Recording:
    """The calls seen, in order; `files` once they are written, each with the shape of its queries."""

    calls: list[Call] = field(default_factory=list)
    files: dict[Path, tuple[int, ...]] = field(default_factory=dict)


def record(
    path: str | Path, tokens: Sequence[str] | Sequence[Sequence[str]] | None = None
) -> contextlib.AbstractContextManager[Recording]:
    """Record every attention call inside, and write them to an .npz that `inputs=arrays` reads.

    Seen are `torch.nn.functional.scaled_dot_product_attention` and `torch.nn.MultiheadAttention`, which most
    models call; rotary positions, grouped queries and masks are in their arguments by then. Calls of one shape
    lie in one file, stacked along a first axis, `layer`; calls of another shape in `NAME-2.npz`, and so on.
    tokens: the n strings of the positions, or a list of n for each text of the batch.

    The file: queries (layer, ..., head, r, e), keys and values (layer, ..., head, n, e or d) in the float type
    they came in (bfloat16, which numpy does not have, as float32 beside `precision`), scale, mask, True
    where a row sees a position. A call that adds a bias to its logits is kept by its weights in place of
    its queries and keys.

    Raises at once Unavailable without torch, and ValueError for what is no path of an .npz file, or tokens that
    are no texts; inside, ValueError for nested tensors and those that hold no numbers (`meta`, vmap); at its end
    ValueError if no call was seen, or tokens are not as many as the positions. Nothing is written then, nor where
    the model raises.

        >>> import attnlab
        >>> import torch
        >>> layer, words = torch.nn.MultiheadAttention(8, 2, batch_first=True), torch.randn(1, 5, 8)
        >>> with attnlab.record("heads.npz") as seen:
        ...     _ = layer(words, words, words)
        >>> list(seen.files.values())
        [(1, 1, 2, 5, 4)]
    """
    if not isinstance(path, str | os.PathLike) or Path(path).suffix != ".npz":
        got = Path(path).name if isinstance(path, str | os.PathLike) else repr(path)
        raise ValueError(f"record: expected a file that ends in .npz, got {got}")
    words = None if tokens is None else _words(tokens)
    try:
        from attnlab import torch_calls
    except ImportError as missing:
        raise Unavailable(EXTRA) from missing
    return _recording(torch_calls, Path(path), words)


def _words(tokens: Sequence[str] | Sequence[Sequence[str]]) -> Words:
    """The strings (n,), or (texts, n). Raises ValueError for what is no list of strings or of such lists."""
    one = not isinstance(tokens, Collection) or any(isinstance(each, str) for each in tokens)
    texts = [tokens] if one else tokens
    plain = all(
        isinstance(text, Collection)
        and not isinstance(text, str)
        and all(isinstance(word, str) for word in text)
        for text in texts
    )
    if not plain:
        raise ValueError(f"tokens: expected a list of strings, one a position, got {tokens!r:.100}")
    lengths = sorted({len(text) for text in texts})
    if len(lengths) != 1:
        told = " and ".join(map(str, lengths))
        raise ValueError(
            f"tokens: expected as many strings for each text, padding included, got {told or 'none'}"
        )
    found = np.array(texts, dtype=np.str_)
    return found[0] if one else found


@contextlib.contextmanager
def _recording(torch_calls: ModuleType, first: Path, tokens: Words | None) -> Iterator[Recording]:
    """The context of `record`: watches the calls inside, and writes them at the end."""
    recording = Recording()
    with torch_calls.watching(recording.calls):
        yield recording
    groups: dict[tuple[object, ...], list[Call]] = {}
    for call in recording.calls:
        groups.setdefault(call.shape, []).append(call)
    _require(groups, tokens)
    for number, calls in enumerate(groups.values(), 1):
        place = first if number == 1 else first.with_stem(f"{first.stem}-{number}")
        arrays = torch_calls.stored(calls)
        if tokens is not None:
            arrays["tokens"] = tokens
        written = io.BytesIO()
        np.savez(written, allow_pickle=False, **arrays)  # not compressed: it can be read in parts
        write_atomically(place, written.getvalue())
        recording.files[place] = (len(calls), *calls[0].queries.shape)


def _require(groups: Mapping[tuple[object, ...], Sequence[Call]], tokens: Words | None) -> None:
    if not groups:
        raise ValueError(
            "record: expected a call of torch.nn.functional.scaled_dot_product_attention or "
            "torch.nn.MultiheadAttention inside, got none; a model with an attention of its own often has a "
            "setting for it, such as attn_implementation='sdpa'"
        )
    if tokens is None:
        return
    found = sorted({calls[0].keys.shape[-2] for calls in groups.values()})
    if found != [tokens.shape[-1]]:
        positions = " or ".join(map(str, found))
        raise ValueError(f"tokens: expected {positions} strings, one a position, got {tokens.shape[-1]}")
    batches = {tuple(calls[0].queries.shape[:-3]) for calls in groups.values()}
    if tokens.ndim == 2 and batches != {tokens.shape[:1]}:
        told = " or ".join(map(str, sorted(batches)))
        raise ValueError(f"tokens: expected a list for each text of a batch {told}, got {len(tokens)} lists")
