"""What travels between the stages: small frozen objects, checked when made. An object that exists is valid."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from attnlab.arrays import EPS, Precision, numbers, precision_of, root_mean_square, spacing
from attnlab.arrays import Array as Array
from attnlab.arrays import Mask as Mask
from attnlab.arrays import require as require
from attnlab.contracts import freeze
from attnlab.examples import Examples as Examples
from attnlab.parts import Declined
from attnlab.problems import Problems

Row = Mapping[str, NDArray[np.float64] | NDArray[np.bool_] | NDArray[np.int64]]
"""What a trial returns: one array (B,) per metric. Booleans are rates, floats are means, NaN is no value.

Under GROUP it may say which trials share a draw; if it does not, all trials of a repeat count as one group. Under
VISIBLE it may say how many positions each sees: bits about a position are then known to be log2 of that at most.
"""
GROUP = "group"
"""The key of a row's groups (B,), whole numbers: trials that share one are not independent."""
VISIBLE = "visible"
"""The key of a row's visible positions (B,), whole numbers."""
NO_METRICS = (GROUP, VISIBLE)
"""The keys of a row that are no metrics: what is under them tells of the trials."""

EVERY: Mask = np.ones(0, dtype=bool)
"""Stands for a mask that is True everywhere."""
EACH = np.zeros(0, dtype=np.int64)
"""Stands for groups of one trial each."""
DIFFERENT = 1e-9
"""The least total variation of two patterns that count as different: far above their rounding."""
NO_KEYS = "it needs the keys, and these inputs have none"
"""Why a part or a question that is over the keys declines inputs of weights and values alone."""


@dataclass(frozen=True)
class Sample:
    """B attention problems of one shape.

    queries (B, e), keys (B, n, e), values (B, n, d); tokens (B, n, m), or None where the inputs have no token
    space; mask (B, n), True where a position is visible (all, if not given); group (B,): trials that share
    their values share a number (each its own, if not given), and no split may separate them; spacing: that at 1
    of the float type the values and keys came in (the coarser), below which differences are rounding; draw (B,):
    trials that share any random draw, be it the values or a projection made for all of them, share a number (the
    group, if not given), and no interval may treat them as independent; weights (B, n): those that a model gave
    them, None where the inputs do not say. Inputs that have weights alone have e = 0. Arrays of another float
    type become float64, and their spacing is remembered. All are read-only: no part may change what the others are
    given. Raises ValueError if shapes disagree, a visible number is not finite, or a trial sees no position; what
    stands at masked positions becomes 0 where it is not finite.
    """

    queries: Array
    keys: Array
    values: Array
    tokens: Array | None = None
    mask: Mask = field(default_factory=lambda: EVERY)
    group: NDArray[np.int64] = field(default_factory=lambda: EACH)
    spacing: float = EPS["float64"]
    draw: NDArray[np.int64] = field(default_factory=lambda: EACH)
    weights: Array | None = None

    def __post_init__(self) -> None:
        trials, n = self.keys.shape[:2]
        coarsest = max(self.spacing, spacing(self.values), spacing(self.keys))
        object.__setattr__(self, "spacing", coarsest)
        if self.mask is EVERY:
            object.__setattr__(self, "mask", np.ones((trials, n), dtype=bool))
        if self.group is EACH:
            object.__setattr__(self, "group", np.arange(trials))
        if self.draw is EACH:
            object.__setattr__(self, "draw", self.group)
        require(self.queries.shape == (trials, self.keys.shape[2]), "queries (B, e)", self.queries.shape)
        require(self.values.shape[:2] == (trials, n), f"values ({trials}, {n}, d)", self.values.shape)
        require(self.mask.shape == (trials, n), f"mask ({trials}, {n})", self.mask.shape)
        require(self.group.shape == (trials,), f"group ({trials},)", self.group.shape)
        require(self.draw.shape == (trials,), f"draw ({trials},)", self.draw.shape)
        require(bool(self.mask.any(axis=1).all()), "a visible position in every trial", "none")
        if self.tokens is not None:
            require(self.tokens.shape[:2] == (trials, n), f"tokens ({trials}, {n}, m)", self.tokens.shape)
        if self.weights is not None:
            require(self.weights.shape == (trials, n), f"weights ({trials}, {n})", self.weights.shape)
        for name in ("queries", "keys", "values", "tokens"):
            if getattr(self, name) is not None:
                self._admit(name)
        freeze(self)

    def _admit(self, name: str) -> None:
        """float64, finite wherever it is visible. Raises ValueError if it is not."""
        array = numbers(getattr(self, name), name)
        if not np.isfinite(array).all() and name != "queries":
            hidden = ~np.isfinite(array) & ~self.mask[..., None]
            array = np.where(hidden, 0.0, array)
        require(bool(np.isfinite(array).all()), f"finite {name}", "NaN or infinity")
        object.__setattr__(self, name, array)

    @classmethod
    def of(
        cls,
        values: ArrayLike,
        keys: ArrayLike | None = None,
        mask: ArrayLike | None = None,
        *,
        queries: ArrayLike | None = None,
    ) -> Sample:
        """From any arrays: values (..., n, d), keys (..., n, e), mask (..., n), queries (..., e), one flat batch.

        Leading axes broadcast and become B. Keys or queries that are not given are zeros: nothing that reads
        them has anything to read. Raises ValueError as `attnlab.arrays` does.
        """
        v = numbers(values, "values")
        given = np.zeros((v.shape[-2], 1)) if keys is None and v.ndim >= 2 else keys
        problems = Problems.of(values, mask, keys=given)
        flat = problems.whole()
        e = flat.given_keys.shape[-1]
        q = np.zeros(e) if queries is None else numbers(queries, "queries")
        require(q.shape[-1:] == (e,), f"queries (..., {e})", q.shape)
        flat_q = np.broadcast_to(q, (*problems.lead, e)).reshape(-1, e)
        return cls(flat_q, flat.given_keys, flat.values, mask=flat.mask, spacing=problems.spacing)

    def __getitem__(self, rows: NDArray[np.int64] | Mask) -> Sample:
        """The trials of these rows."""
        tokens = None if self.tokens is None else self.tokens[rows]
        arrays = (self.queries[rows], self.keys[rows], self.values[rows], tokens)
        weights = None if self.weights is None else self.weights[rows]
        return Sample(*arrays, self.mask[rows], self.group[rows], self.spacing, self.draw[rows], weights)

    @property
    def precision(self) -> Precision:
        """The float type the values and keys came in, the coarser."""
        return precision_of(self.spacing)

    @property
    def trials(self) -> int:
        """B, the number of attention problems."""
        return int(self.keys.shape[0])

    @property
    def n(self) -> int:
        """Positions."""
        return int(self.keys.shape[1])

    @property
    def d(self) -> int:
        """Value dimension."""
        return int(self.values.shape[2])

    @property
    def e(self) -> int:
        """Key dimension: 0 where the inputs have weights alone."""
        return int(self.keys.shape[2])

    @property
    def known_keys(self) -> Array:
        """The keys (B, n, e), for what cannot do without. Raises Declined where the inputs have weights alone."""
        if self.e == 0:
            raise Declined(NO_KEYS)
        return self.keys


@dataclass(frozen=True)
class Estimate:
    """What a decoder says the weights were.

    weights (B, n): the estimate; residual (B,): `|V^T b - o| / |o|`, how well it explains the output;
    converged (B,): False where the solver stopped early (the row is kept and counted, never dropped).
    """

    weights: Array
    residual: Array
    converged: Mask

    def __post_init__(self) -> None:
        for name in ("weights", "residual", "converged"):
            given = getattr(self, name)
            require(isinstance(given, np.ndarray), f"{name} as a numpy array", type(given).__name__)
        require(self.weights.ndim == 2, "weights (B, n)", self.weights.shape)
        trials = self.weights.shape[0]
        require(self.residual.shape == (trials,), f"residual ({trials},)", self.residual.shape)
        require(self.converged.shape == (trials,), f"converged ({trials},)", self.converged.shape)


def least_distance(patterns: Array) -> Array:
    """(B,): the least total variation of two of the patterns (B, r, n) of a trial."""
    r = patterns.shape[1]
    pairs = [np.abs(patterns[:, i] - patterns[:, j]).sum(axis=1) for j in range(r) for i in range(j)]
    return np.asarray(0.5 * np.min(pairs, axis=0))


@dataclass(frozen=True)
class Collision:
    """Different weights, one output, and the certificate that it is so.

    patterns (B, r, n): the r >= 2 weight vectors of each trial (r = 2 unless the construction gives more);
    values (B, n, d), or (B, r, n, d) where every pattern has values of its own; found (B,): False where a
    search found nothing (its rows are NaN in every metric); constraint: the set all patterns lie in;
    verified: how the equality of the outputs was confirmed; tolerance: the relative gap promised.
    queries (B, r, e), temperature included, and keys (B, n, e), or (B, r, n, e) where every pattern has keys
    of its own: softmax patterns carry both, and every pattern is `softmax(K q)`.
    reached (B,): the number the construction pushed as far as it goes, also where that gave no collision.
    Raises ValueError if a found pattern leaves the simplex by more than 1e-12 (affine: only its sum counts),
    is not the softmax of its query, two found patterns of a trial are less than DIFFERENT apart, or a found
    gap exceeds the tolerance: no object of this class holds a wrong certificate.
    """

    patterns: Array
    values: Array
    constraint: Literal["affine", "simplex", "softmax"]
    found: Mask = field(default_factory=lambda: EVERY)
    queries: Array | None = None
    verified: str = "float64 residual"
    tolerance: float = 1e-9
    keys: Array | None = None
    reached: Array | None = None

    def __post_init__(self) -> None:
        trials, patterns, n = self.patterns.shape
        require(patterns >= 2, "two patterns or more", patterns)
        if self.found is EVERY:
            object.__setattr__(self, "found", np.ones(trials, dtype=bool))
        if self.values.ndim == 3:
            shared = np.broadcast_to(self.values[:, None], (trials, patterns, *self.values.shape[1:]))
            object.__setattr__(self, "values", shared)
        require(self.values.shape[:3] == (trials, patterns, n), "values for every pattern", self.values.shape)
        kept = self.patterns[self.found]
        off = float(np.abs(kept.sum(axis=-1) - 1).max(initial=0.0))
        require(off <= 1e-12, "weights that sum to 1 within 1e-12", off)
        if self.constraint != "affine":
            lowest = float(kept.min(initial=0.0))
            require(lowest >= -1e-12, "weights >= -1e-12", lowest)
        if self.constraint == "softmax":
            self._require_softmax()
        nearest = float(least_distance(kept).min(initial=1.0))
        require(nearest >= DIFFERENT, f"patterns at least {DIFFERENT:g} apart in total variation", nearest)
        worst = float(self.gap[self.found].max(initial=0.0))
        require(worst <= self.tolerance, f"a relative output gap <= {self.tolerance:g}", worst)

    def _require_softmax(self) -> None:
        """Raise ValueError unless every found pattern is the softmax of its query.

        A position is visible if any pattern of its trial gives it weight.
        """
        require(self.queries is not None and self.keys is not None, "queries and keys of softmax", None)
        assert self.queries is not None and self.keys is not None
        queries, patterns = self.queries[self.found], self.patterns[self.found]
        keys = self.keys[self.found] if self.keys.ndim == 4 else self.keys[self.found][:, None]
        scores = np.matmul(keys, queries[..., None])[..., 0]
        visible = (patterns > 0).any(axis=1, keepdims=True)
        top = np.where(visible, scores, -np.inf).max(axis=-1, keepdims=True)
        powers = np.where(visible, np.exp(np.where(visible, scores - top, 0.0)), 0.0)
        off = np.abs(powers / powers.sum(axis=-1, keepdims=True) - patterns).max(initial=0.0)
        require(bool(off <= 1e-12), "patterns that are softmax(K q) within 1e-12", off)

    @property
    def outputs(self) -> Array:
        """(B, r, d): the output of every pattern."""
        if self._shared:  # one product for all patterns of a trial
            return np.matmul(self.patterns, self.values[:, 0])
        return np.matmul(self.patterns[..., None, :], self.values)[..., 0, :]

    @property
    def _shared(self) -> bool:
        """Whether all patterns have the same values: then they are one array, seen r times."""
        return self.values.strides[1] == 0

    @property
    def gap(self) -> Array:
        """(B,): the largest `|o_r - o_1|` relative to the root mean square size of the values."""
        trials, patterns, n, d = self.values.shape
        values = self.values[:, 0] if self._shared else self.values.reshape(trials, patterns * n, d)
        size = root_mean_square(values)
        difference = (self.outputs - self.outputs[:, :1]) / np.where(size > 0, size, 1.0)[:, None, None]
        return np.asarray(np.sqrt((difference**2).sum(axis=-1).max(axis=1)))
