"""A single instance that goes straight to its kernel: the door's answer, its types and its errors."""

from __future__ import annotations

import numpy as np
import pytest

from attnlab import fibre_intervals, is_unique, top_certified
from attnlab.identifiability.single import ready
from attnlab.shapes import Array
from attnlab.solvers import nnls, tableau
from attnlab.solvers.arithmetic import handed

RNG = np.random.default_rng(0)


def instances() -> list[tuple[Array, Array]]:
    """Sparse, even, sharp and full weights; values as they come, with copies, and far from 0."""
    made = []
    for n, d in ((5, 2), (9, 3), (12, 11), (1, 1)):
        v = RNG.standard_normal((n, d))
        for values in (v, np.repeat(v[: (n + 1) // 2], 2, axis=0)[:n], v + 1e6):
            sparse = np.zeros(n)
            sparse[: (n + 1) // 2] = 1 / ((n + 1) // 2)
            made += [(a, values) for a in (sparse, np.full(n, 1 / n), RNG.dirichlet(np.ones(n)))]
    return made


@pytest.mark.parametrize(("a", "v"), instances())
def test_a_single_call_answers_as_a_batch_of_one(a: Array, v: Array) -> None:
    assert ready(a, v, None, None) is not None and ready(a[None], v, None, None) is None
    one, many = is_unique(a, v), is_unique(a[None], v)
    for name in ("unique", "undecided", "margin"):
        found = getattr(one, name)
        assert np.ndim(found) == 0 and found.dtype == getattr(many, name).dtype, name
        assert found == getattr(many, name)[0], name
    bounds = fibre_intervals(a, v)
    assert bounds.shape == (len(a), 2) and bounds.flags.writeable
    np.testing.assert_array_equal(bounds, fibre_intervals(a[None], v)[0])
    top, tops = top_certified(a, v), top_certified(a[None], v)
    assert (top.certified, top.undecided) == (tops.certified[0], tops.undecided[0])


BAD = (
    (np.array([0.5, 0.6]), np.eye(2), "sum to 1"),
    (np.array([1.5, -0.5]), np.eye(2), ">= 0"),
    (np.array([np.nan, 1.0]), np.eye(2), "finite"),
    (np.array([0.5, 0.5]), np.array([[np.nan], [1.0]]), "finite"),
    (np.array([0.5, 0.5]), np.array([[1e301], [1.0]]), "at most"),
    (np.array([0.5, 0.5]), np.array([[1e-301], [0.0]]), "at least"),
    (np.array([0.5, 0.5]), np.ones((3, 2)), "one size for each letter"),
    (np.empty(0), np.empty((0, 2)), "none of them 0"),
)


@pytest.mark.parametrize(("a", "v", "told"), BAD)
def test_what_is_not_well_formed_is_refused_as_ever(a: Array, v: Array, told: str) -> None:
    for question in (is_unique, fibre_intervals, top_certified):
        with pytest.raises(ValueError, match=told):
            question(a, v)


def test_whatever_kind_of_array_comes_one_kernel_is_compiled() -> None:
    """numba compiles a kernel anew for arrays that are read-only, or not contiguous; doors hand on one kind."""
    from attnlab.solvers import nnls_kernels, tableau_kernels

    a, v = RNG.dirichlet(np.ones(6), 2), RNG.standard_normal((2, 6, 2))
    still = a.copy(), v.copy()
    for array in still:
        array.flags.writeable = False
    kinds = [(a, v), still, (np.asfortranarray(a), np.asfortranarray(v)), (a, still[1])]
    told = []
    for weights, values in kinds:
        nnls.face_tests(weights > 0.1, values), nnls.simplex_least_squares(values[:, 0], values)
        tableau.fibre_bounds(weights, values), tableau.top_forced(weights, values)
        kernels = (
            nnls_kernels.face_tests, nnls_kernels.simplex_least_squares, tableau_kernels.fibre_bounds,
            tableau_kernels.top_forced,
        )  # fmt: skip
        told.append([len(kernel.signatures) for kernel in kernels])
    assert told[1:] == told[:1] * 3


def test_what_is_handed_on_is_no_copy_where_it_need_not_be() -> None:
    array = RNG.standard_normal((3, 4))
    given = handed(array, np.float64)
    assert np.shares_memory(given, array) and not given.flags.writeable and array.flags.writeable
