"""Angles of the regular simplex against geometry, high precision and the sum rules of intrinsic volumes."""

from __future__ import annotations

import math

import mpmath
import numpy as np
import pytest

from attnlab.theory.angles import external_angle, internal_angle, intrinsic_volumes, log_internal_angle


def test_internal_angles_of_low_dimension() -> None:
    """An interval, a triangle, a tetrahedron at a vertex (Girard: three dihedral angles less pi) and an edge."""
    dihedral = math.acos(1 / 3)
    assert internal_angle(1, 2) == pytest.approx(1 / 2, abs=1e-14)
    assert internal_angle(1, 3) == pytest.approx(1 / 6, abs=1e-14)
    assert internal_angle(1, 4) == pytest.approx((3 * dihedral - math.pi) / (4 * math.pi), abs=1e-14)
    assert internal_angle(2, 4) == pytest.approx(dihedral / (2 * math.pi), abs=1e-14)
    assert internal_angle(3, 3) == internal_angle(1, 1) == 1.0


@pytest.mark.parametrize("n", [1, 2, 3, 10, 1024])
def test_the_external_angles_at_the_vertices_fill_the_sphere(n: int) -> None:
    assert external_angle(1, n) == pytest.approx(1 / n, rel=1e-12)
    assert external_angle(n, n) == 1.0


@pytest.mark.parametrize(("k", "l"), [(1, 6), (2, 9), (5, 60)])
def test_the_shifted_contour_against_the_oscillating_integral(k: int, l: int) -> None:  # noqa: E741
    with mpmath.workdps(70):
        far = mpmath.sqrt(2 * l * 60 / k)

        def term(x: mpmath.mpf) -> mpmath.mpc:
            phi = mpmath.erfc(-1j * x / mpmath.sqrt(2 * l)) / 2
            return phi ** (l - k) * mpmath.exp(-x * x / 2)

        # even in x up to conjugation; the trapezoid rule converges geometrically
        step = mpmath.mpf(1) / 8 if l < 20 else mpmath.mpf(1) / 16
        count = int(far / step)
        total = mpmath.re(term(mpmath.mpf(0))) + 2 * sum(mpmath.re(term(i * step)) for i in range(1, count))
        exact = total * step / mpmath.sqrt(2 * mpmath.pi)
        assert abs(log_internal_angle(k, l) - float(mpmath.log(exact))) < 1e-11


@pytest.mark.parametrize(("n", "k"), [(2, 1), (5, 1), (20, 3), (64, 4), (256, 20), (1024, 7)])
def test_intrinsic_volumes_are_a_distribution_with_equal_even_and_odd_parts(n: int, k: int) -> None:
    volumes = intrinsic_volumes(n, k)
    assert (volumes >= 0).all()
    assert volumes.sum() == pytest.approx(1, abs=1e-11)
    assert volumes[::2].sum() - volumes[1::2].sum() == pytest.approx(0, abs=1e-11)


def test_faces_are_counted_by_vertices() -> None:
    with pytest.raises(ValueError, match="vertices >= 1"):
        internal_angle(0, 3)
    with pytest.raises(ValueError, match="a face of at most 3"):
        external_angle(4, 3)
    assert np.allclose(intrinsic_volumes(4, 4), [1.0])
