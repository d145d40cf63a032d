"""Of a file of many heads one is read alone: memory follows the head; a packed file is unpacked once."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from attnlab.harness import source
from attnlab.inputs.arrays import Arrays

SHAPE = (30, 4, 256, 256)
SIZE = 4 * int(np.prod(SHAPE))
HEAD = 8 * SHAPE[2] * SHAPE[3]
"""Bytes of the weights of one head in float64."""


def arrays() -> dict[str, Any]:
    """31 MB of equal weights, float32."""
    return {
        "weights": np.full(SHAPE, 1 / SHAPE[-1], dtype=np.float32),
        "values": np.ones((*SHAPE[:3], 4), np.float32),
    }


def peak_of(call: Callable[[], Any]) -> int:
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def one_head(path: Path) -> None:
    assert Arrays(path=str(path), layer=29, head=3).heads.head(29, 3).weights.shape == SHAPE[2:]


@pytest.mark.parametrize("kind", ["npz", "safetensors"])
def test_a_head_of_plain_arrays_takes_the_memory_of_a_head(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"heads.{kind}"
    if kind == "npz":
        np.savez(path, **arrays())
    else:
        pytest.importorskip("safetensors.numpy").save_file(arrays(), path)
    assert path.stat().st_size > SIZE
    assert peak_of(lambda: one_head(path)) < 10 * HEAD < SIZE / 5


def test_a_packed_file_is_unpacked_whole_and_once(tmp_path: Path) -> None:
    path = tmp_path / "heads.npz"
    np.savez_compressed(path, **arrays())
    assert path.stat().st_size < SIZE / 10
    assert SIZE < peak_of(lambda: one_head(path)) < 1.5 * SIZE + 10 * HEAD
    assert peak_of(lambda: one_head(path)) < 10 * HEAD  # the arrays are kept


def test_the_hash_of_a_file_is_taken_in_pieces(tmp_path: Path) -> None:
    path = tmp_path / "sparse.npz"
    with path.open("wb") as file:
        file.truncate(SIZE)
    assert peak_of(lambda: source.content(str(path))) < SIZE / 20
