"""One trial's keys and values in coordinates of unit variance, with what the change of coordinates costs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from attnlab.arrays import Array, Mask
from attnlab.solvers.certified import EPS
from attnlab.solvers.whitening import Whitening, ranks, whitening

CLEAR = 1e3
"""A rank whose gap is smaller is no clear rank."""


@dataclass(frozen=True)
class Family:
    """The exponential family `softmax(K q)` of the visible positions and its image, in coordinates.

    keys (n, r), values (n, s): `(rows - centre) whiten`, each entry within `key_error`, `value_error` of the
    exact product; r, s the affine ranks; clear: neither rank is doubtful. original_keys (n, e) and
    original_values (n, d) are the rows themselves.
    """

    keys: Array
    values: Array
    key_error: float
    value_error: float
    original_keys: Array
    original_values: Array
    key_map: Array
    value_map: Array
    key_centre: Array
    value_centre: Array
    clear: bool

    @property
    def key_rank(self) -> int:
        """r: the dimensions the keys span, less one shift; 0 if no key differs from another, or it is unclear."""
        return self.keys.shape[1] if self.clear else 0

    @property
    def value_rank(self) -> int:
        """s: the same for the values."""
        return self.values.shape[1] if self.clear else 0

    @property
    def orientation(self) -> int:
        """The sign of the change of coordinates of queries and outputs together, where both are square."""
        return int(np.sign(np.linalg.slogdet(self.key_map)[0] * np.linalg.slogdet(self.value_map)[0]))

    @property
    def tied(self) -> float:
        """The part of the keys outside the affine span of the values, relative to them: 0 if V determines K."""
        if not self.keys.any():  # one key throughout: whatever the values, they determine it
            return 0.0
        towards = np.linalg.lstsq(self.values, self.keys, rcond=None)[0]
        return float(np.linalg.norm(self.keys - self.values @ towards) / np.linalg.norm(self.keys))

    def around(self, output: Array) -> tuple[Array, Array]:
        """`v_i - o` (n, s) for an output (d,), and the error of an entry of each row (n,)."""
        place = (output - self.value_centre) @ self.value_map
        scale = float((np.abs(output - self.value_centre) @ np.abs(self.value_map)).max(initial=0.0))
        error = self.value_error + (len(output) + 5) * EPS * (scale + float(np.abs(self.values).max()))
        return self.values - place, np.full(len(self.values), error)

    def around_mean(self, weights: Array, error: float) -> tuple[Array, Array]:
        """`v_i - V^T a` (n, s) for weights (n,) within a relative error, and the error of each row (n,)."""
        return _around(self.values, weights, error, self.value_error)

    def around_mean_key(self, weights: Array, error: float) -> tuple[Array, Array]:
        """The same for the keys, `k_i - K^T a`."""
        return _around(self.keys, weights, error, self.key_error)

    def weights(self, query: Array) -> tuple[Array, float]:
        """`softmax(K q)` (n,) of a query (e,), and a bound of the relative error of each weight."""
        away = self.original_keys - self.key_centre
        scores = away @ query
        powers = np.exp(scores - scores.max())
        rounding = (len(query) + 3) * EPS * float((np.abs(away) @ np.abs(query)).max(initial=0.0))
        return powers / powers.sum(), 2 * rounding + (len(powers) + 4) * EPS


def in_coordinates(values: Array, keys: Array, mask: Mask) -> list[Family]:
    """values (B, n, d), keys (B, n, e), mask (B, n) -> one Family a trial."""
    of_keys, of_values = whitening(keys, mask), whitening(values, mask)
    gap = np.minimum(ranks(keys, mask)[1][1], ranks(values, mask)[1][1])
    return [
        _family(keys[b][mask[b]], values[b][mask[b]], of_keys, of_values, b, bool(gap[b] > CLEAR))
        for b in range(len(mask))
    ]


def _family(
    keys: Array, values: Array, of_keys: Whitening, of_values: Whitening, b: int, clear: bool
) -> Family:
    (k, k_map, k_error), (v, v_map, v_error) = (
        _coordinates(rows, basis.centre[b], basis.whiten[b])
        for rows, basis in ((keys, of_keys), (values, of_values))
    )
    return Family(
        k, v, k_error, v_error, keys, values, k_map, v_map, of_keys.centre[b], of_values.centre[b], clear
    )


def _around(rows: Array, weights: Array, error: float, row_error: float) -> tuple[Array, Array]:
    """Rows less their mean under the weights: seen from the row of the largest weight, so that it stays exact.

    Seen from there the mean is a sum over the other rows, as small as their weights, and so is its error.
    """
    top = int(weights.argmax())
    away = rows - rows[top]
    off = np.full(len(rows), 2 * row_error + EPS * float(np.abs(rows).max()))
    off[top] = 0.0
    mean = weights @ away
    of_mean = float((weights @ ((error + (len(rows) + 2) * EPS) * np.abs(away) + off[:, None])).max())
    around = away - mean
    return around, off + of_mean + EPS * np.abs(around).max(axis=1)


def _coordinates(rows: Array, centre: Array, whiten: Array) -> tuple[Array, Array, float]:
    """Coordinates (n, r), the map (f, r), and the error of an entry."""
    used = whiten[:, whiten.any(axis=0)]
    away = rows - centre
    scale = float((np.abs(away) @ np.abs(used)).max(initial=0.0))
    return away @ used, used, (rows.shape[1] + 3) * EPS * scale
