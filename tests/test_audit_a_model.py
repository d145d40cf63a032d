"""A small PyTorch model whose values depend on the token alone: repeated words collide, by name on the page."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from conftest import Lab

import attnlab

torch: Any = pytest.importorskip("torch")
WORDS = ["the", "cat", "saw", "the", "dog", "and", "the", "dog", "ran"]


def turned(x: Any) -> Any:
    """Rotary positions: pairs of coordinates turned by the position."""
    angle = torch.arange(x.shape[-2], dtype=x.dtype)[:, None]
    one, other = x[..., ::2], x[..., 1::2]
    return torch.cat(
        [
            one * torch.cos(angle) - other * torch.sin(angle),
            one * torch.sin(angle) + other * torch.cos(angle),
        ],
        -1,
    )


def first_layer() -> None:
    torch.manual_seed(0)
    table = torch.randn(len(set(WORDS)), 24)
    x = table[[sorted(set(WORDS)).index(word) for word in WORDS]][None]
    q, k, v = ((x @ torch.randn(24, 24)).reshape(1, len(WORDS), 2, 12).transpose(1, 2) for _ in range(3))
    torch.nn.functional.scaled_dot_product_attention(turned(q), turned(k), v, is_causal=True)


def test_repeated_words_of_the_first_layer_collide_by_name(lab: Lab) -> None:
    path = lab.folder / "heads.npz"
    with attnlab.record(path, tokens=WORDS):
        first_layer()
    assert lab("experiment=audit", "inputs=arrays", f"inputs.path={path}", "exec=serial").code == 0
    page = (lab.results / "audit" / "report.md").read_text()
    assert "“the” at positions 0, 3 and 6: one value in 2 heads" in page
    assert "“dog” at positions 4 and 7: one value in 2 heads" in page
    for file in (lab.results / "audit" / "cells").glob("*/*.json"):
        record = json.loads(file.read_text())
        distinct = record["metrics"]["distinct"]["value"]
        seen = [len(set(WORDS[: row + 1])) for row in range(len(WORDS))]
        assert distinct == pytest.approx(np.mean(seen))
        # a row's null dimension is the positions it sees less the distinct ones: there are fewer than d + 2
        null = np.arange(1, len(WORDS) + 1) - seen
        assert record["metrics"]["null_dimension"]["value"] == pytest.approx(null.mean())
