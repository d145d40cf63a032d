"""Anyone's attention heads: queries, keys and values, or weights and values, in an .npz or .safetensors file."""

from __future__ import annotations

import functools
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np

from attnlab.arrays import EPS
from attnlab.inputs.caches import cached
from attnlab.inputs.heads import Heads
from attnlab.inputs.masks import MaskKind
from attnlab.inputs.recorded import Recorded
from attnlab.inputs.stored import stored
from attnlab.parts import DataFile, SettingError, Unavailable
from attnlab.pretrained.minilm import INSTALL

Layout = Literal["heads_first", "positions_first", "transformer_lens"]
NAMES = ("queries", "keys", "values", "weights", "mask", "scale", "tokens")
KIND = "mask_kind"
"""The name under which a file says itself what its mask is."""
PRECISION = "precision"
"""The name under which a file says that its floats came from a coarser type than the one they lie in."""
NO_FILE = (
    "inputs=arrays reads heads of a file: inputs.path=heads.npz names it; inputs=minilm, a sentence encoder, "
    f"needs none ({INSTALL})"
)


@dataclass(frozen=True)
class Arrays(Recorded):
    """Heads of a file with `values` and `queries`, `keys`, or `weights`, or all of them (`Heads` has the shapes).

    Also read are `mask`, `scale` (logits are scale q.k; 1/sqrt(e) without) and `tokens` (a word for every
    position; in a safetensors file a list in its metadata), and `precision`, where floats came from a coarser type
    than the one they are stored in. Floats of 64, 32 or 16 bits, bfloat16 through
    ml_dtypes. Files of plain arrays are mapped, not loaded.

    Settings: path; layout of queries, keys and values: `heads_first` (..., head, n, d) or `positions_first`
    (..., n, head, d) (weights are (..., head, row, n) in both), or `transformer_lens`: the pattern and v of its
    cache (`attnlab.inputs.caches`); mask_kind: what the mask means
    (`attnlab.inputs.masks`), null: what the file says under `mask_kind`, none where it has no mask; layer and
    head as of every recorded source.
    """

    version: ClassVar[int] = 2

    path: DataFile | None = None
    layout: Layout = "heads_first"
    mask_kind: MaskKind | None = None

    @property
    def heads(self) -> Heads:
        if self.path is None:
            raise Unavailable(NO_FILE)
        path = Path(self.path).expanduser()
        try:
            told = path.stat()
            return _read(path, (told.st_mtime_ns, told.st_size, told.st_ino), self.layout, self.mask_kind)
        except (OSError, ValueError) as error:
            raise SettingError("path", self.path, f"a file of heads: {error}") from error


@functools.lru_cache(maxsize=8)
def _read(path: Path, _stamp: tuple[int, ...], layout: Layout, mask_kind: MaskKind | None) -> Heads:
    found: dict[str, Any] = stored(path, {name: name for name in (*NAMES, KIND, PRECISION)})
    if layout == "transformer_lens":
        found |= cached(path)
    if "values" not in found:
        raise ValueError(
            f"expected arrays named values, and queries and keys, or weights, got {_held(found)}"
        )
    if layout == "positions_first":
        for name in ("queries", "keys", "values"):
            if name in found and found[name].ndim >= 3:
                found[name] = np.moveaxis(found[name], -2, -3)
    said = found.pop(KIND, None)
    kind = mask_kind or (None if said is None else str(said))
    if kind is None and "mask" in found:
        raise ValueError(
            f"expected inputs.mask_kind=keep, pad or additive for its mask {found['mask'].shape} of "
            f"{found['mask'].dtype}, which is not guessed, got null"
        )
    precision = found.pop(PRECISION, None)
    if precision is not None and str(precision) not in EPS:
        raise ValueError(f"expected precision to be one of {', '.join(EPS)}, got {precision}")
    scale = found.pop("scale", None)
    if scale is not None and scale.size != 1:
        raise ValueError(f"expected one number as scale, got {scale.shape}")
    return Heads(
        **found,
        scale=None if scale is None else float(scale.reshape(())),
        mask_kind=kind or "none",  # type: ignore[arg-type]  # checked where it is used
        source=os.fspath(path.name),
        came_in=None if precision is None else str(precision),  # type: ignore[arg-type]  # one of EPS
    )


def _held(found: dict[str, Any]) -> str:
    return ", ".join(f"{name} {array.shape}" for name, array in found.items()) or "none of them"
