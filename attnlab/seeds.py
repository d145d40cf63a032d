"""Named random streams: a stream's numbers depend on its address and on nothing else.

The address is (seed, repeat, name, settings of the part of that name). So decoders and probes swept over the
same inputs see the same draws and their differences are paired; workers, order, backend and the other parts
change nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True)
class Streams:
    """`rng = Streams(seed, repeat, settings)`; then `rng("inputs")` is a fresh generator at that address.

    Two calls with one name give two generators with the same numbers. `settings` maps the name of a part to
    whatever JSON its draws may depend on.
    """

    seed: int
    repeat: int = 0
    settings: Mapping[str, object] = field(default_factory=dict)

    def __call__(self, name: str) -> np.random.Generator:
        address = [self.seed, self.repeat, name, self.settings.get(name)]
        digest = hashlib.blake2b(json.dumps(address, sort_keys=True).encode(), digest_size=16).digest()
        return np.random.Generator(np.random.PCG64(int.from_bytes(digest, "big")))
