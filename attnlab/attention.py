"""The one equation: `o = sum_i a_i v_i`, `a = softmax(q.K / tau)`.

Letters, fixed everywhere: `B` trials, `n` positions, `d` value dimension, `e` key dimension, `m` token
dimension, `k` support size, `a` weights (B, n), `V` values (B, n, d), `K` keys (B, n, e), `q` queries (B, e),
`o` output (B, d), `tau` temperature, `X` tokens (B, n, m). The usual attention has `tau = sqrt(e)`.
"""

from __future__ import annotations

import numpy as np
from scipy.special import softmax

from attnlab.shapes import Array, Mask


def output(weights: Array, values: Array) -> Array:
    """The attention output `o = V^T a`: (B, n), (B, n, d) -> (B, d)."""
    return np.matmul(weights[..., None, :], values)[..., 0, :]


def logits(queries: Array, keys: Array, temperature: float = 1.0) -> Array:
    """The scores `q.K / tau`: (B, e), (B, n, e) -> (B, n)."""
    return np.matmul(keys, queries[..., :, None])[..., 0] / temperature


def softmax_weights(scores: Array, mask: Mask) -> Array:
    """Softmax over the visible positions, exactly zero elsewhere: (B, n), (B, n) bool -> (B, n)."""
    return np.asarray(softmax(np.where(mask, scores, -np.inf), axis=-1))
