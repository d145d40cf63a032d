"""The interval of one weight over all weights with the same output, in exact rational arithmetic: for tests."""

from __future__ import annotations

from fractions import Fraction

from attnlab.oracles.rational import eliminate
from attnlab.shapes import Array


def interval_exactly(weights: Array, values: Array, at: int) -> tuple[float, float]:
    """The twin of fibre_intervals for one position: weights (n,), values (n, d), the doubles as they are.

    The simplex with Bland's rule from a vertex to which the weights, divided by their sum, are pushed. Raises
    ArithmeticError where the values have affine rank below d.
    """
    programme = _Programme(weights, values)
    return float(programme.least(at, -1)), float(programme.least(at, 1))


class _Programme:
    """`x_B = x_B0 - T x_N`, T = B^-1 A: the tableau, its basis by row, and the point x."""

    def __init__(self, weights: Array, values: Array) -> None:
        n, d = values.shape
        given = [Fraction(float(w)) for w in weights]
        self.x = [w / sum(given) for w in given]
        self.rows = [[Fraction(float(values[i, c])) for i in range(n)] for c in range(d)] + [
            [Fraction(1)] * n
        ]
        self.basis = [-1] * (d + 1)
        for column in sorted(range(n), key=lambda i: -self.x[i]):
            free = [r for r in range(d + 1) if self.basis[r] < 0 and self.rows[r][column] != 0]
            if free:
                self._enter(max(free, key=lambda r: abs(self.rows[r][column])), column)
        if -1 in self.basis:
            raise ArithmeticError("expected values of full affine rank")
        for column in range(n):
            if column not in self.basis and self.x[column] > 0:
                self._move(column, -1)

    def least(self, at: int, sense: int) -> Fraction:
        """The optimum of x[at], the least for sense -1 and the largest for 1."""
        while True:  # ends: Bland's rule
            row = self.rows[self.basis.index(at)] if at in self.basis else None
            gains = (
                column
                for column in range(len(self.x))
                if column not in self.basis
                and sense * (int(column == at) - (row[column] if row is not None else 0)) > 0
            )
            entering = next(gains, None)
            if entering is None:
                return self.x[at]
            self._move(entering, 1)

    def _move(self, column: int, way: int) -> None:
        """x[column] up (1), as far as it goes, or down (-1), to 0; what stops it leaves the basis for it."""
        falling = [r for r in range(len(self.basis)) if way * self.rows[r][column] > 0]
        reach = [(self.x[self.basis[r]] / abs(self.rows[r][column]), self.basis[r], r) for r in falling]
        stop = min(reach, default=None)
        free = way < 0 and (stop is None or stop[0] >= self.x[column])
        length = self.x[column] if free or stop is None else stop[0]
        for r, basic in enumerate(self.basis):
            self.x[basic] -= way * length * self.rows[r][column]
        self.x[column] += way * length
        if not free and stop is not None:
            self._enter(stop[2], column)

    def _enter(self, row: int, column: int) -> None:
        eliminate(self.rows, row, column)
        self.basis[row] = column
