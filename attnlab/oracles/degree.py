"""The degree of `q -> V^T softmax(K q)` in exact rational numbers, by trying all subsets: for tests."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import combinations

import numpy as np

from attnlab.shapes import Array

Point = list[Fraction]


def winding_number(keys: Array, values: Array, output: Array, ray: Array) -> int:
    """How often the facets of conv K, mapped by k_i -> v_i, wind around the output: (n, e), (n, e), (e,), exact.

    Every e keys whose plane has all other keys strictly on one side are a facet; a ray from the output meets its
    image if it is a positive combination of the `v_i - o`. Raises ArithmeticError if keys or ray are not generic.
    """
    exact_keys, exact_values = (
        [[Fraction(float(x)) for x in row] for row in rows] for rows in (keys, values)
    )
    target, direction = ([Fraction(float(x)) for x in row] for row in (output, ray))
    total = 0
    for subset in combinations(range(len(keys)), keys.shape[1]):
        side = _outside(exact_keys, subset)
        if side:
            total += side * _meets([_minus(exact_values[i], target) for i in subset], direction)
    return total


def _outside(keys: Sequence[Point], subset: tuple[int, ...]) -> int:
    """The orientation of these keys as a facet, seen from inside; 0 if they are none."""
    sides = {
        _sign(_determinant([_minus(keys[i], keys[other]) for i in subset]))
        for other in range(len(keys))
        if other not in subset
    }
    if 0 in sides:
        raise ArithmeticError("expected no e + 1 keys in a plane")
    return sides.pop() if len(sides) == 1 else 0


def _meets(edges: list[Point], ray: Point) -> int:
    """The orientation of a simplex if the ray from 0 meets it, by Cramer's rule; else 0."""
    whole = _sign(_determinant(edges))
    shares = {_sign(_determinant([*edges[:i], ray, *edges[i + 1 :]])) * whole for i in range(len(edges))}
    if 0 in shares:
        raise ArithmeticError("expected a ray that meets no edge")
    return whole if shares == {1} else 0


def _minus(point: Point, other: Point) -> Point:
    return [x - y for x, y in zip(point, other, strict=True)]


def _sign(number: Fraction) -> int:
    return (number > 0) - (number < 0)


def _determinant(rows: list[Point]) -> Fraction:
    """Laplace's expansion along the first row."""
    if len(rows) == 1:
        return rows[0][0]
    minors = ([row[:j] + row[j + 1 :] for row in rows[1:]] for j in range(len(rows)))
    terms = ((-1) ** j * rows[0][j] * _determinant(minor) for j, minor in enumerate(minors))
    return sum(terms, Fraction(0))


def queries_on_a_line(keys: Array, values: Array, output: float, nodes: int = 40_000) -> int:
    """e = 1: how many queries have this output, by the sign changes of `V^T softmax(k q) - o` on a fine line."""
    u = (np.arange(nodes) + 0.5) / nodes
    points = np.tan(np.pi * (u - 0.5)) / keys.std()
    scores = points[:, None] * keys
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    signs = np.sign(powers @ (values - output))
    return int((signs[1:] != signs[:-1]).sum())
