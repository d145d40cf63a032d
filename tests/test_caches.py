"""A cache of patterns and values, a layer an array: the heads it stands for."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from attnlab.inputs.arrays import Arrays
from attnlab.parts import SettingError

BATCH, HEADS, GROUPS, N, D = 2, 4, 2, 5, 3


def cache(layers: int = 3) -> dict[str, Any]:
    draw = np.random.default_rng(0)
    found = {}
    for layer in range(layers):
        pattern = np.tril(draw.random((BATCH, HEADS, N, N)) + 0.1)
        found[f"blocks.{layer}.attn.hook_pattern"] = pattern / pattern.sum(axis=-1, keepdims=True)
        found[f"blocks.{layer}.attn.hook_v"] = draw.standard_normal((BATCH, N, GROUPS, D))
        found[f"blocks.{layer}.attn.hook_z"] = draw.standard_normal((BATCH, N, HEADS, D))
    return found


def test_every_layer_text_and_head_has_its_own_pattern_and_values(tmp_path: Path) -> None:
    found = cache()
    np.savez(tmp_path / "cache.npz", **found)
    heads = Arrays(path=str(tmp_path / "cache.npz"), layout="transformer_lens", mask_kind="causal").heads
    assert (heads.layers, heads.heads, heads.n, heads.d, heads.e) == (3 * BATCH, HEADS, N, D, 0)
    head = heads.head(2 * BATCH + 1, 3)  # layer 2 of the second text
    np.testing.assert_allclose(head.weights, found["blocks.2.attn.hook_pattern"][1, 3], atol=1e-15)
    np.testing.assert_array_equal(head.values, found["blocks.2.attn.hook_v"][1, :, 1])
    np.testing.assert_array_equal(head.mask, np.tri(N, dtype=bool))


@pytest.mark.parametrize("name", ["blocks.1.attn.hook_pattern", "blocks.0.attn.hook_v"])
def test_a_layer_that_is_absent_is_named(tmp_path: Path, name: str) -> None:
    found = cache()
    del found[name]
    np.savez(tmp_path / "cache.npz", **found)
    with pytest.raises(SettingError, match=f"every layer N from 0, got none named {name}"):
        Arrays(path=str(tmp_path / "cache.npz"), layout="transformer_lens")


def test_a_file_of_another_layout_is_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "heads.npz", values=np.zeros((1, 2, 3)), weights=np.full((1, 2, 2), 0.5))
    with pytest.raises(SettingError, match=r"got none named blocks\.0\.attn\.hook_pattern"):
        Arrays(path=str(tmp_path / "heads.npz"), layout="transformer_lens")
