"""Self-attention over tokens: content plus a positional code, read through random W_Q, W_K and W_V."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from attnlab.inputs.base import Inputs
from attnlab.parts import Count, NonNegative, SettingError
from attnlab.shapes import Array, Sample


@dataclass(frozen=True)
class Tokens(Inputs):
    """`X = (C + s P) / sqrt(1 + s^2)`, `K = X W_K`, `V = X W_V`; the query is that of one more token.

    Content C (n, m) is Gaussian; the positional code P (n, m) and the three projections (entries N(0, 1/m))
    are drawn once per call, as in a trained layer, and serve all trials. Token, key and value entries have
    variance 1. The asking token has fresh content in every trial and stands at a uniform place; under a
    causal mask it sees the positions up to its own.

    Settings: m token dimension (the values have rank min(d, m)); positional s, 0 for no code; values `fresh`
    (content for every trial), or `fixed` (one content for all trials, which then share one group); reuse R:
    only R distinct contents, each serving many trials, the design in which a random split leaks.
    """

    m: Count = 32
    values: Literal["fixed", "fresh"] = "fresh"
    positional: NonNegative = 0.0
    mask: Literal["none", "causal"] = "none"
    reuse: Count | None = None

    @property
    def exchangeable(self) -> bool:  # type: ignore[override]  # constant in most parts
        """Fresh content, no code, nothing masked: positions differ in nothing but their number."""
        fresh = self.values == "fresh" and self.reuse is None
        return fresh and self.positional == 0 and self.mask == "none"

    @property
    def says(self) -> str:  # type: ignore[override]  # constant in most parts
        """The words of these settings."""
        content = "the same in every example" if self.values == "fixed" else "fresh in every example"
        if self.reuse is not None:
            content = "that come back"
        code = ", positional code" if self.positional else ""
        mask = f", {self.mask} mask" if self.mask != "none" else ""
        return f"tokens {content}{code}{mask}"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.values == "fixed" and self.reuse is not None:
            raise SettingError("reuse", self.reuse, "null where values=fixed")

    def least_bytes(self, trials: int) -> int:
        fresh = self.values == "fresh" and self.reuse is None
        return 8 * trials * self.n * (self.m + self.d + self.e) if fresh else 0

    def __call__(self, trials: int, rng: np.random.Generator) -> Sample:
        return self.multihead(1, trials, rng)[0]

    def multihead(self, heads: int, trials: int, rng: np.random.Generator) -> tuple[Sample, ...]:
        """The heads read the same tokens, each through W_Q, W_K and W_V of its own."""
        n, m = self.n, self.m
        through = [
            [rng.standard_normal((m, width)) / np.sqrt(m) for width in (self.e, self.e, self.d)]
            for _ in range(heads)
        ]
        code = rng.standard_normal((n, m))
        group = self._groups(trials, rng)
        tokens = self._blend(rng.standard_normal((int(group.max()) + 1, n, m)), code)[group]
        place = rng.integers(n, size=trials)
        asking = self._blend(rng.standard_normal((trials, m)), code[place])
        visible = (
            np.arange(n) <= place[:, None] if self.mask == "causal" else np.ones((trials, n), dtype=bool)
        )
        return tuple(
            Sample(
                queries=asking @ to_query,
                keys=tokens @ to_key,
                values=tokens @ to_value,
                tokens=tokens,
                mask=visible,
                group=group,
                draw=np.zeros_like(group),  # the three projections are one draw for all trials
            )
            for to_query, to_key, to_value in through
        )

    def _groups(self, trials: int, rng: np.random.Generator) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        if self.values == "fixed":
            return np.zeros(trials, dtype=np.int64)
        return np.arange(trials) if self.reuse is None else rng.integers(self.reuse, size=trials)

    def _blend(self, content: Array, code: Array) -> Array:
        return np.asarray((content + self.positional * code) / np.sqrt(1 + self.positional**2))
