"""What ties is ordered by rule, not by how a library happens to sort."""

from __future__ import annotations

import ast
from pathlib import Path

import numpy as np
import pytest

import attnlab
from attnlab.probes.scores import top_recall


@pytest.mark.parametrize("n", [5, 17, 300])
def test_top_recall_takes_the_earliest_of_equals(n: int) -> None:
    """Equal weights everywhere: the first k are the k largest, however long the row is."""
    k, flat = 3, np.full((1, n), 1 / n)
    first, last = np.zeros((1, n)), np.zeros((1, n))
    first[0, :k] = last[0, -k:] = 1 / k
    assert top_recall(first, flat, k).tolist() == [1.0]
    assert top_recall(last, flat, k).tolist() == [max(0, 2 * k - n) / k]
    assert top_recall(flat, first, k).tolist() == [1.0]
    assert top_recall(flat, last, n).tolist() == [1.0] and top_recall(flat, last, 2 * n).tolist() == [1.0]


def test_top_recall_of_what_does_not_tie() -> None:
    rng = np.random.default_rng(0)
    p, a = rng.dirichlet(np.ones(40), (2, 50))
    found = [len(set(np.argsort(x)[-7:]) & set(np.argsort(y)[-7:])) / 7 for x, y in zip(p, a, strict=True)]
    np.testing.assert_allclose(top_recall(p, a, 7), found)


def test_every_order_is_stable() -> None:
    """Equal entries stay in the order of their positions: numpy's default leaves them in any."""
    sources = {path: path.read_text() for path in Path(attnlab.__file__).parent.rglob("*.py")}
    sorts = [
        (path, node)
        for path, text in sources.items()
        if "arg" in text
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") in ("argsort", "argpartition")
    ]
    assert len(sorts) > 15
    for path, node in sorts:
        kinds = [ast.literal_eval(word.value) for word in node.keywords if word.arg == "kind"]
        assert kinds and kinds[0] in ("stable", "mergesort"), f"{path}:{node.lineno}"
