"""A BERT encoder in float64: tokens in, every head's queries, keys and values out.

Devlin, Chang, Lee, Toutanova (2019), "BERT", arXiv 1810.04805: each layer adds its attention and its two-layer
network to what came in, and normalises after each addition.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import erf, softmax

from attnlab.arrays import Array

LAYER_NORM_EPS = 1e-12
"""What the encoder adds to a variance before its root (`layer_norm_eps` of its config.json)."""


class Traced(NamedTuple):
    """What one text became. n tokens, L layers of H heads of width d, m the width of a token.

    queries, keys, values (L, H, n, d); logits are `q.k / sqrt(d)`. hidden (L + 1, n, m): the tokens before the
    first layer and after each.
    """

    queries: Array
    keys: Array
    values: Array
    hidden: Array


def traced(weights: Mapping[str, Array], tokens: NDArray[np.int64], heads: int) -> Traced:
    """The encoder run over one text without padding.

    weights: the encoder's arrays by their name, `encoder.layer.0.attention.self.query.weight` and so on; tokens
    (n,): numbers of the vocabulary. Raises ValueError for a text of no token or of more than there are positions.
    """
    places = weights["embeddings.position_embeddings.weight"]
    if not 0 < len(tokens) <= len(places):
        raise ValueError(f"tokens: expected 1 to {len(places)} of them, got {len(tokens)}")
    x = weights["embeddings.word_embeddings.weight"][tokens] + places[: len(tokens)]
    x = _normalised(
        x + weights["embeddings.token_type_embeddings.weight"][0], weights, "embeddings.LayerNorm"
    )
    hidden, seen = [x], list[tuple[Array, ...]]()
    layers = {name.split(".")[2] for name in weights if name.startswith("encoder.layer.")}
    for number in range(len(layers)):
        x, projected = _layer(x, weights, f"encoder.layer.{number}", heads)
        hidden.append(x)
        seen.append(projected)
    queries, keys, values = (np.stack(each) for each in zip(*seen, strict=True))
    return Traced(queries, keys, values, np.stack(hidden))


def _layer(x: Array, weights: Mapping[str, Array], name: str, heads: int) -> tuple[Array, tuple[Array, ...]]:
    """The tokens (n, m) after a layer, and its queries, keys and values (H, n, d)."""
    q, k, v = (
        np.ascontiguousarray(
            _linear(x, weights, f"{name}.attention.self.{role}").reshape(len(x), heads, -1).swapaxes(0, 1)
        )
        for role in ("query", "key", "value")
    )
    logits = q @ k.swapaxes(1, 2) / np.sqrt(q.shape[-1])
    mixed = (softmax(logits, axis=-1) @ v).swapaxes(0, 1).reshape(x.shape)
    x = _normalised(
        x + _linear(mixed, weights, f"{name}.attention.output.dense"),
        weights,
        f"{name}.attention.output.LayerNorm",
    )
    inner = _linear(x, weights, f"{name}.intermediate.dense")
    inner = inner * (1 + erf(inner / np.sqrt(2))) / 2  # the exact GELU
    x = _normalised(x + _linear(inner, weights, f"{name}.output.dense"), weights, f"{name}.output.LayerNorm")
    return x, (q, k, v)


def _linear(x: Array, weights: Mapping[str, Array], name: str) -> Array:
    return np.asarray(x @ weights[f"{name}.weight"].T + weights[f"{name}.bias"])


def _normalised(x: Array, weights: Mapping[str, Array], name: str) -> Array:
    centred = x - x.mean(axis=-1, keepdims=True)
    scale = np.sqrt(np.square(centred).mean(axis=-1, keepdims=True) + LAYER_NORM_EPS)
    return np.asarray(centred / scale * weights[f"{name}.weight"] + weights[f"{name}.bias"])
