"""Attention patterns and values as TransformerLens caches them, a layer an array."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from attnlab.inputs.stored import stored

PLACE = "blocks.{layer}.attn.hook_{what}"
"""The name of an activation (https://transformerlensorg.github.io/TransformerLens)."""
MOST_LAYERS = 1000


def cached(path: Path) -> dict[str, Any]:
    """weights (L, ..., H, m, n) and values (L, ..., G, n, d) of a file of `pattern` and `v` of every layer.

    They are read whole: the layers lie apart in the file. Raises ValueError where one of the first L layers lacks
    either.
    """
    names = {
        PLACE.format(layer=layer, what=what): f"{what} {layer}"
        for layer in range(MOST_LAYERS)
        for what in ("pattern", "v")
    }
    found = stored(path, names)
    layers = 1 + max((int(name.partition(" ")[2]) for name in found), default=-1)
    absent = [name for name, own in names.items() if own not in found][:1]
    if layers == 0 or len(found) < 2 * layers:
        raise ValueError(
            f"expected an array {PLACE.format(layer='N', what='pattern')} and one hook_v for every "
            f"layer N from 0, got none named {absent[0]}"
        )
    weights = np.stack([found[f"pattern {layer}"] for layer in range(layers)])
    values = np.stack([found[f"v {layer}"] for layer in range(layers)])
    return {"weights": weights, "values": np.moveaxis(values, -2, -3)}
