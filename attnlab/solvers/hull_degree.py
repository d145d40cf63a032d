"""The degree of `q -> V^T softmax(K q)` over an output, by the facets of conv K.

The map extends to conv K: the mean `K^T a` runs over its interior, and on a facet whose only keys are its e
vertices the weights are barycentric, so there the map is affine, k_i -> v_i (science of toric patches: Krasauskas
2002; Craciun, Garcia-Puente & Sottile 2010). So over o the map has the winding number around o of the polyhedral
sphere of the facets, each mapped by k_i -> v_i: the facets that a ray from o meets, each with the sign of its
orientation, `sgn det[k_i - centre] sgn det[v_i - o]`.

Every step is certain or the answer is None: a facet counts as one only if all other keys lie below its plane by
more than the error; the facets must be closed (each ridge in two), which makes them all of them, the boundary
being connected; and a ray must clearly hit or clearly miss the image of each.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import ConvexHull, QhullError

from attnlab.shapes import Array, Mask
from attnlab.solvers.certified import EPS, inverses

RAYS = 3
"""Rays tried until one clearly hits or misses every facet; each fails once in about 1e8 facets."""
PLANES = 1024
"""Planes through the output, any of which may show that a facet is missed."""
PIECE = 2**22
"""Numbers worked on at once (32 MB)."""


@dataclass(frozen=True)
class Sphere:
    """The boundary of conv K: vertices (F, e) of its facets, orientation (F,) +1 or -1 (outward)."""

    vertices: NDArray[np.int64]
    orientation: NDArray[np.int64]


def sphere(keys: Array, error: float) -> Sphere | None:
    """keys (n, e), e >= 1, distinct and known within `error` -> the facets of their hull, None if not certain."""
    n, e = keys.shape
    if n <= e:
        return None
    centre = keys.mean(axis=0)
    if e == 1:
        order = np.argsort(keys[:, 0], kind="stable")
        clear = (
            keys[order[-1], 0] - keys[order[-2], 0] > 2 * error
            and keys[order[1], 0] - keys[order[0], 0] > 2 * error
        )
        return Sphere(order[[0, -1]][:, None], np.array([-1, 1])) if clear else None
    try:
        hull = ConvexHull(keys)
    except (QhullError, ValueError):
        return None
    vertices = np.asarray(hull.simplices, dtype=np.int64)
    if not _closed(vertices, np.asarray(hull.neighbors, dtype=np.int64)):
        return None
    orientation = np.empty(len(vertices), dtype=np.int64)
    for first in range(0, len(vertices), max(1, PIECE // (n * e))):
        part = slice(first, first + max(1, PIECE // (n * e)))
        found = _facets(keys - centre, vertices[part], error + 4 * EPS * float(np.abs(keys).max()))
        if found is None:
            return None
        orientation[part] = found
    return Sphere(vertices, orientation)


def _facets(centred: Array, vertices: NDArray[np.int64], error: float) -> NDArray[np.int64] | None:
    """The orientations of these simplices (F, e) if all are facets for certain.

    With N the rows `k_i - centre`, `w = N^-1 1` is the plane `w.x = 1` through the vertices; all other keys must
    have `w.x < 1` by more than w's error and their own.
    """
    rows = centred[vertices]
    inverse = inverses(rows, error)
    if not inverse.certain.all():
        return None
    plane, off = inverse.solve(np.ones(rows.shape[1]))
    heights = np.matmul(plane, centred.T)
    size = np.abs(centred).max(axis=0)
    slack = (off * size).sum(axis=1) + (error + EPS * rows.shape[1] * float(size.max())) * np.abs(plane).sum(
        axis=1
    )
    below = heights < (1 - 2 * slack)[:, None]
    np.put_along_axis(below, vertices, True, axis=1)
    return inverse.sign if below.all() else None


def _closed(vertices: NDArray[np.int64], neighbours: NDArray[np.int64]) -> bool:
    """Whether the facet opposite each vertex has all the other vertices.

    Then every ridge of these facets leads to another of them, and from any facet of a polytope all others are
    reached through ridges.
    """
    if (neighbours < 0).any():
        return False
    word, bit = vertices // 64, np.left_shift(np.uint64(1), (vertices % 64).astype(np.uint64))
    sets = np.zeros((len(vertices), int(word.max()) + 1), dtype=np.uint64)
    np.bitwise_or.at(sets, (np.arange(len(vertices))[:, None], word), bit)
    for k in range(vertices.shape[1]):
        rest = sets.copy()
        rest[np.arange(len(sets)), word[:, k]] ^= bit[:, k]
        shared = sets & sets[neighbours[:, k]]
        if (shared != rest).any():
            return False
    return True


def winding(boundary: Sphere, around: Array, error: Array) -> int | None:
    """How often the sphere, mapped to the values, winds around the output; None if not certain.

    around (n, e): `v_i - o`; error (n,): of an entry of each. Facets with two equal values are mapped into a
    hyperplane; a ray misses them if it leaves the span of the others.
    """
    e = around.shape[1]
    rays = np.random.Generator(np.random.PCG64(0)).standard_normal((RAYS, e))
    copy = _copies(around)
    for ray in rays:
        total = 0
        near = ~_behind(boundary.vertices, around, ray, error)
        vertices, orientation = boundary.vertices[near], boundary.orientation[near]
        for first in range(0, len(vertices), max(1, PIECE // e**2)):
            part = slice(first, first + max(1, PIECE // e**2))
            met = _met(vertices[part], orientation[part], around, copy, ray, error)
            if met is None:
                break
            total += met
        else:
            return total
    return None


def _behind(vertices: NDArray[np.int64], around: Array, ray: Array, error: Array) -> Mask:
    """(F,): facets whose images the ray misses for certain: all of it lies on the other side of a plane through o.

    For h with `h.ray > 0` and `h.(v_i - o) < 0` at all vertices no positive mean of them is along the ray.
    """
    e = len(ray)
    planes = np.random.Generator(np.random.PCG64(2)).standard_normal((PLANES, e))
    planes += np.maximum(-2 * (planes @ ray), 0)[:, None] / (ray @ ray) * ray  # reflected to the ray's side
    planes = planes[planes @ ray > 1e-6 * np.linalg.norm(planes, axis=1) * float(np.linalg.norm(ray))]
    size = np.abs(planes).sum(axis=1)
    below = around @ planes.T + size * (error + 2 * e * EPS * np.abs(around).max(axis=1))[:, None] < 0
    packed = np.packbits(below, axis=1)
    found = packed[vertices[:, 0]]
    for k in range(1, vertices.shape[1]):
        found &= packed[vertices[:, k]]
    return np.asarray(found.any(axis=1))


def _met(
    vertices: NDArray[np.int64],
    orientation: NDArray[np.int64],
    around: Array,
    copy: NDArray[np.int64],
    ray: Array,
    error: Array,
) -> int | None:
    """The signed number of images of these facets that the ray from the output meets."""
    columns, off_by = np.swapaxes(around[vertices], 1, 2), error[vertices]
    copies = copy[vertices]
    repeated = (copies[:, :, None] == copies[:, None]) & np.tri(vertices.shape[1], k=-1, dtype=bool)
    again = repeated.any(axis=2)
    flat = again.any(axis=1)
    if flat.any():
        # The cone of the different values lies in a hyperplane. With the ray in place of one copy (and
        # anything in place of others) the matrix is regular: the ray is not in that hyperplane.
        filler = np.random.Generator(np.random.PCG64(1)).standard_normal(columns.shape[1:])
        replaced = np.where(again[flat][:, None], filler, columns[flat])
        at = again[flat].argmax(axis=1)
        replaced[np.arange(len(at)), :, at] = ray
        if not inverses(replaced, off_by[flat]).certain.all():
            return None
        columns, orientation, off_by = columns[~flat], orientation[~flat], off_by[~flat]
    inverse = inverses(columns, off_by)
    shares, off = inverse.solve(ray)
    hit = (shares > off).all(axis=1) & inverse.certain
    missed = (shares < -off).any(axis=1) & inverse.certain
    if not (hit | missed).all():
        return None
    return int((orientation[hit] * inverse.sign[hit]).sum())


def _copies(rows: Array) -> NDArray[np.int64]:
    """(n,): equal rows share a number."""
    return np.asarray(np.unique(rows, axis=0, return_inverse=True)[1].ravel(), dtype=np.int64)
