"""Attention heads as somebody's model computed them: arrays of whole layers, read a head at a time.

The arrays may lie in memory or be mapped from a file (`attnlab.inputs.stored`): nothing is read before its head is
asked for, and then only this head. All leading axes but the last are counted through as layers, so a batch of
texts is so many layers. G heads of values may serve H heads of weights (grouped queries): H is a multiple of G.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from attnlab.arrays import EPS, Mask, Precision, precision_of, require, spacing
from attnlab.inputs.head import Head, Rows, finite, finite_rows, on_simplex, require_match, softmax_rows
from attnlab.inputs.masks import MaskKind, require_fitting, visible


@dataclass(frozen=True, eq=False)
class Heads:
    """The heads of layers: values (..., G, n, d), and queries (..., H, m, e) with keys (..., G, n, e), or weights
    (..., H, m, n), or both. Leading axes are free and equal; without any there is one head.

    scale: logits are `scale q.k`, `1 / sqrt(e)` if not given. mask: what it is, mask_kind says
    (`attnlab.inputs.masks`). tokens (n,), or one text a layer (..., n): the words at the positions. source: what
    refusals call them. came_in: the float type the numbers came in, where they are stored in a finer one.

    Raises ValueError for shapes that do not fit one another. What the numbers are is checked where a head is read.
    """

    values: Any
    queries: Any = None
    keys: Any = None
    weights: Any = None
    scale: float | None = None
    mask: Any = None
    mask_kind: MaskKind | None = None
    tokens: Any = None
    source: str = "the arrays"
    came_in: Precision | None = None

    def __post_init__(self) -> None:
        for name in ("queries", "keys", "values", "weights"):
            array = getattr(self, name)
            if array is not None:
                array = array if isinstance(array, np.ndarray) else np.asarray(array)
                _require_numbers(array, name)
                object.__setattr__(self, name, array[None] if array.ndim == 2 else array)
        if self.mask_kind is None:
            object.__setattr__(self, "mask_kind", "none" if self.mask is None else "keep")
        self._require_shapes()
        object.__setattr__(self, "scale", self._scale())
        self._require_tokens()
        if self.mask is not None and not isinstance(self.mask, np.ndarray):
            object.__setattr__(self, "mask", np.asarray(self.mask))
        assert self.mask_kind is not None
        require_fitting(self.mask_kind, self.mask, (*self.lead, self.heads, self.m, self.n))

    def _require_shapes(self) -> None:
        """Raise ValueError unless the axes of the arrays agree."""
        given = {name: getattr(self, name) for name in ("queries", "keys", "values", "weights")}
        shapes = {name: array.shape for name, array in given.items() if array is not None}
        told = ", ".join(f"{name} {shape}" for name, shape in shapes.items())
        pair = ("queries" in shapes) + ("keys" in shapes)
        require(pair != 1, "queries with keys, keys with queries", told)
        require(pair == 2 or "weights" in shapes, "queries and keys, or weights, with the values", told)
        require(all(len(shape) >= 3 and all(shape) for shape in shapes.values()), AXES, told)
        *lead, groups, n, _ = shapes["values"]
        heads, rows = shapes["weights" if pair == 0 else "queries"][-3:-1]
        fits = all(list(shape[:-3]) == lead for shape in shapes.values())
        if pair == 2:
            fits = fits and shapes["keys"][-3:] == (groups, n, shapes["queries"][-1])
        if "weights" in shapes:
            fits = fits and shapes["weights"][-3:] == (heads, rows, n)
        require(fits, f"{AXES}, one size for each letter and the same leading axes", told)
        require(heads % groups == 0, "a multiple of the heads of values as heads of weights or queries", told)

    def _scale(self) -> float:
        if self.queries is None:
            return 1.0
        scale = 1 / math.sqrt(self.e) if self.scale is None else float(self.scale)
        require(0 < scale < math.inf, "a scale > 0 (logits are scale q.k)", scale)
        return scale

    def _require_tokens(self) -> None:
        """Raise ValueError unless there is a word for every position."""
        if self.tokens is None:
            return
        words = np.asarray(self.tokens)
        require(words.dtype.kind in "US", "tokens as text", f"{words.dtype} {words.shape}")
        words = np.char.decode(words, "utf-8") if words.dtype.kind == "S" else words
        own = words.shape[:-1]
        fits = words.shape[-1:] == (self.n,) and own in ((), self.lead[len(self.lead) - len(own) :])
        shapes = dict.fromkeys(map(str, ((self.n,), (*self.lead, self.n))))  # one, where there is one text
        require(fits, f"tokens {', or '.join(shapes)}", words.shape)
        object.__setattr__(self, "tokens", words)

    @property
    def lead(self) -> tuple[int, ...]:
        """The leading axes that are counted through as layers."""
        return tuple(self.values.shape[:-3])

    @property
    def layers(self) -> int:
        """How many layers (or texts of a batch) there are."""
        return math.prod(self.lead)

    @property
    def heads(self) -> int:
        """H, the heads of a layer."""
        return int((self.weights if self.queries is None else self.queries).shape[-3])

    @property
    def m(self) -> int:
        """Query rows of a head."""
        return int((self.weights if self.queries is None else self.queries).shape[-2])

    @property
    def n(self) -> int:
        """Positions."""
        return int(self.values.shape[-2])

    @property
    def d(self) -> int:
        """Value dimension."""
        return int(self.values.shape[-1])

    @property
    def e(self) -> int:
        """Key dimension; 0 where there are weights alone."""
        return 0 if self.keys is None else int(self.keys.shape[-1])

    @property
    def spacing(self) -> float:
        """That at 1 of the coarser float type of values and keys."""
        stored = max(spacing(self.values), 0.0 if self.keys is None else spacing(self.keys))
        return stored if self.came_in is None else max(stored, EPS[self.came_in])

    @property
    def precision(self) -> Precision:
        """The float type the values and keys came in, the coarser."""
        return precision_of(self.spacing)

    def group(self, layer: int, head: int) -> int:
        """The heads that share their values share a group."""
        groups = int(self.values.shape[-3])
        return layer * groups + head // (self.heads // groups)

    def visible(self, layer: int, head: int) -> tuple[Rows, Mask]:
        """The rows (r,) that see a position, and what they see (r, n). ValueError for a mask that is none."""
        assert self.mask_kind is not None
        at = tuple(map(int, np.unravel_index(layer, self.lead)))
        try:
            return visible(self.mask_kind, self.mask, (*at, head), self.m, self.n)
        except ValueError as error:
            raise ValueError(f"{self.place(layer, head)}: {error}") from None

    @property
    def nothing_seen(self) -> str:
        """Why there is nothing to look at, where no row of the chosen heads sees a position."""
        shape = getattr(self.mask, "shape", "")
        return (
            f"{self.source}: expected a mask that shows a position to some row, got mask {shape} that hides every "
            f"position from rows 0 to {self.m - 1} (mask_kind={self.mask_kind}: is it the other way round?)"
        )

    def hidden(self, rows: Rows) -> list[int]:
        """Which rows see no position, where these do; a row at padding is none, so there are none of `pad`."""
        return [] if self.mask_kind == "pad" else np.setdiff1d(np.arange(self.m), rows).tolist()

    def words(self, layer: int) -> tuple[str, ...] | None:
        """The words at the positions."""
        if self.tokens is None:
            return None
        flat = np.broadcast_to(self.tokens, (*self.lead, self.n)).reshape(-1, self.n)
        return tuple(map(str, flat[layer]))

    def place(self, layer: int, head: int) -> str:
        """Where a head stands, as refusals say it."""
        return f"{self.source}, layer {layer}, head {head}"

    def each(self) -> Iterator[tuple[int, int]]:
        """Every layer and head."""
        return ((layer, head) for layer in range(self.layers) for head in range(self.heads))

    def head(self, layer: int, head: int, some: Rows | None = None) -> Head:
        """One head, or some of its rows, by their numbers. Raises ValueError, naming row or position, for numbers
        that are not finite, and for weights that are none or not those of their queries and keys."""
        rows, seen = self.visible(layer, head)
        if some is not None:
            kept = np.searchsorted(rows, some)
            rows, seen = rows[kept], seen[kept]
        try:
            return self._read(layer, head, rows, seen)
        except ValueError as error:
            raise ValueError(f"{self.place(layer, head)}: {error}") from None

    def _read(self, layer: int, head: int, rows: Rows, seen: Mask) -> Head:
        group = self.group(layer, head)
        within, sees = group % int(self.values.shape[-3]), np.asarray(seen.any(axis=0))
        values = finite(self._of(self.values, layer, within), sees, "values")
        queries = keys = found = None
        if self.queries is not None:
            keys = finite(self._of(self.keys, layer, within), sees, "keys")
            queries = finite_rows(self._of(self.queries, layer, head)[rows], rows, "queries")
            found = softmax_rows(float(self.scale or 1.0), queries, keys, seen)
        given = None if self.weights is None else self._of(self.weights, layer, head)[rows]
        if given is not None:
            weights = on_simplex(given, seen, rows)
            if queries is not None and keys is not None and found is not None:
                coarse = max(self.spacing, spacing(self.queries), spacing(given))
                require_match(weights, found, float(self.scale or 1.0), (queries, keys), coarse, rows)
            found = weights
        assert found is not None, "queries and keys, or weights"
        words = self.words(layer)
        given = (queries, keys, self.precision, words, float(self.scale or 1.0))
        return Head(layer, head, group, rows, found, values, seen, *given)

    def _of(self, array: Any, layer: int, head: int) -> Any:
        return array[(*np.unravel_index(layer, self.lead), head)]


AXES = "values (..., G, n, d) with queries (..., H, m, e) and keys (..., G, n, e), or weights (..., H, m, n)"


def _require_numbers(array: Any, name: str) -> None:
    """Raise ValueError unless the array holds real floats of a type whose rounding is known."""
    known = str(array.dtype).rsplit(".", maxsplit=1)[-1] in EPS
    hint = ": whole numbers? save them as float64" if array.dtype.kind in "iu" else ""
    require(known, f"{name} as {', '.join(EPS)}", f"{array.dtype} {array.shape}{hint}")


@functools.lru_cache(maxsize=4)
def readable_rows(heads: Heads) -> tuple[Rows, Rows]:
    """Every row that sees a position, as (layer * H + head) and row, (r,) each: what a trial can be drawn from."""
    found = [heads.visible(layer, head)[0] for layer, head in heads.each()]
    place = np.repeat(np.arange(len(found)), [len(rows) for rows in found])
    return place, np.concatenate(found)
