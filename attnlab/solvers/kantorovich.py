"""Proof that near two computed queries there are two exact ones with one output, and that they differ.

The outputs of the computed queries are compared in 40 digits, so that the residual is not rounding.
Then Kantorovich's theorem (Ortega & Rheinboldt, Iterative Solution of Nonlinear Equations, 1970, 12.6) asks
for `beta^2 gamma |residual| <= 1/2`: with beta = 1 / (least singular value of the Jacobian) and gamma a bound
of its Lipschitz constant, an exact solution lies within `2 beta |residual|`.

In sharp attention Jacobians are nearly singular, and a residual of a few roundings of a float may be too large
for that: in a tenth of the trials it is near the bound, and the last digits of the search would decide. What is
not certain at once is therefore refined, by Newton's steps for a query of two floats a coordinate: their residual
is as small as the theorem can ask for, if there is a solution.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from attnlab.attention import softmax_weights
from attnlab.shapes import Array
from attnlab.solvers.arithmetic import few_at_once
from attnlab.solvers.forty_digits import difference, missed_by
from attnlab.solvers.whitening import whitening

ROUNDING = 1e-13
"""What rounding may take from the least singular value, relative to `E |v - o| |k - mu|`: a few hundred units."""
STEPS = 6
"""Newton's steps of a refinement, at most: each doubles the digits that are right, up to those of two floats."""
CHUNK = 2**18
"""Numbers of differences that are worked on at once (2 MB: those of n rows with all do not fit a cache)."""
NEAR = 1e-3
"""How far a refinement may change the score of a position: beyond, it leads to another query."""


def confirmed(keys: Array, values: Array, first: Array, second: Array) -> bool:
    """Whether an exact query near the second, and other than the first, has exactly the first one's output.

    keys (n, e), values (n, d) of the visible positions, queries (e,). "Exactly" is up to the rounding of the
    values where these span fewer than d dimensions.
    """
    if (values == values[0]).all():
        return True  # all weights give this one value
    radius, second = refined(keys, values, lambda query: difference(keys, values, first, query), second)
    if radius is None:
        return False
    of_keys = whitening(keys[None], np.ones((1, len(keys)), dtype=bool))
    return bool(np.linalg.norm(of_keys.unwhiten[0] @ (first - second)) > 2 * radius)


def confirmed_output(keys: Array, values: Array, weights: Array, query: Array) -> bool:
    """Whether an exact query near the given one has exactly the output of these weights (n,), softmax or not."""
    if (values == values[0]).all():
        return True
    radius, _ = refined(keys, values, lambda near: missed_by(keys, values, weights, near), query)
    return radius is not None


def refined(
    keys: Array, values: Array, missed: Callable[[Array], Array], query: Array
) -> tuple[float | None, Array]:
    """`certain_radius` of the query (e,), or of the one that Newton's steps lead to from there; and that query.

    missed: what a query, the sum of (parts, e), lacks of the output, in more digits than a float has.
    """
    parts = np.stack([query, np.zeros_like(query)])
    lacks = missed(parts)
    radius = certain_radius(keys, values, lacks, query)
    if radius is not None:
        return radius, query
    every = np.ones((1, len(keys)), dtype=bool)
    of_keys, of_values = whitening(keys[None], every), whitening(values[None], every)
    span, coordinates, whiten = of_keys.span[0], of_values.span[0], of_keys.whiten[0]
    for _ in range(STEPS):
        b = softmax_weights((keys - of_keys.centre[0]) @ parts.sum(axis=0), every[0])
        slope = ((coordinates - b @ coordinates) * b[:, None]).T @ (span - b @ span)
        size = float(np.linalg.norm(slope))
        if not size > 0:
            break
        step = np.linalg.lstsq(slope / size, lacks @ of_values.whiten[0] / size, rcond=ROUNDING)[0]
        parts[1] += whiten @ step
        moved = of_keys.unwhiten[0] @ parts[1]
        if not np.abs(span @ moved).max() <= NEAR:
            break
        lacks = missed(parts)
        radius = certain_radius(keys, values, lacks, parts.sum(axis=0))
        if radius is not None:
            break
    return radius, parts.sum(axis=0)


def certain_radius(keys: Array, values: Array, missed: Array, query: Array) -> float | None:
    """How near to the query, in coordinates of unit variance, an exact solution lies; None if none is certain.

    With beta one over the least singular value of the Jacobian, twice beta |missed| is a radius within which
    weights change by a factor of at most `exp(reach)`, reach the largest change of a score difference there.
    `|D^2 o|` is a third central moment, at most `E |v - v'| |k - k''|^2` over independent copies, hence at most
    `exp(3 reach)` times what it is at the query.
    """
    every = np.ones((1, len(keys)), dtype=bool)
    of_keys, of_values = whitening(keys[None], every), whitening(values[None], every)
    span, coordinates = (_used(basis.span[0]) for basis in (of_keys, of_values))
    if not 0 < coordinates.shape[1] <= span.shape[1]:
        return None  # more equations than unknowns, or values equal but for rounding: no theorem applies
    b = softmax_weights((keys - of_keys.centre[0]) @ query, every[0])
    away, moved = (rows - b @ rows for rows in (coordinates, span))
    least = float(np.linalg.svd((away * b[:, None]).T @ moved, compute_uv=False)[-1])
    least -= ROUNDING * float(b @ (np.linalg.norm(away, axis=1) * np.linalg.norm(moved, axis=1)))
    size = float(np.linalg.norm(missed @ of_values.whiten[0]))
    if not least > 0:
        return None
    radius = 2 * size / least
    reach = 2 * radius * float(np.linalg.norm(span, axis=1).max())
    if not reach < 1:
        return None
    bend = float(np.exp(3 * reach) * (b @ (_distances(coordinates) @ b * (_distances(span) ** 2 @ b))))
    return radius if bend * size <= 0.5 * least**2 else None


def confirmed_pair(keys: Array, values: Array, first: Array, second: Array) -> float | None:
    """By how much at most the log of a weight changes on the way to two exact queries with one output; or None.

    Both may move: `o(p) - o(r)` has as Jacobian the two queries' side by side, which has to be onto, and as second
    derivative the greater of theirs at most. keys (n, e), values (n, d) of the visible positions, queries (e,);
    None also if the two exact queries might be one.
    """
    every = np.ones((1, len(keys)), dtype=bool)
    of_keys, of_values = whitening(keys[None], every), whitening(values[None], every)
    span, coordinates = (_used(basis.span[0]) for basis in (of_keys, of_values))
    if not 0 < coordinates.shape[1] <= 2 * span.shape[1]:
        return None
    slopes, lost, bends = [], 0.0, []
    for query in (first, second):
        b = softmax_weights((keys - of_keys.centre[0]) @ query, every[0])
        away, moved = (rows - b @ rows for rows in (coordinates, span))
        slopes.append((away * b[:, None]).T @ moved)
        lost += ROUNDING * float(b @ (np.linalg.norm(away, axis=1) * np.linalg.norm(moved, axis=1)))
        bends.append(float(b @ (_distances(coordinates) @ b * (_distances(span) ** 2 @ b))))
    least = float(np.linalg.svd(np.hstack(slopes), compute_uv=False)[-1]) - lost
    if not least > 0:
        return None
    size = float(np.linalg.norm(difference(keys, values, first, second) @ of_values.whiten[0]))
    radius = 2 * size / least
    reach = 2 * radius * float(np.linalg.norm(span, axis=1).max())
    apart = float(np.linalg.norm(of_keys.unwhiten[0] @ (first - second))) > 2 * radius
    certain = reach < 1 and np.exp(3 * reach) * max(bends) * size <= 0.5 * least**2
    return reach if apart and certain else None


def _distances(rows: Array) -> Array:
    """(n, n): how far each row (n, f) is from each."""
    found = np.empty((len(rows), len(rows)))
    for some in few_at_once(len(rows), rows.size, CHUNK):
        found[some] = np.linalg.norm(rows[some, None] - rows, axis=2)
    return found


def _used(columns: Array) -> Array:
    return columns[:, columns.any(axis=0)]
