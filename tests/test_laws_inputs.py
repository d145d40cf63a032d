"""The law of every source of inputs, over all of conf/inputs, and what each says is special about itself."""

from __future__ import annotations

import numpy as np
import pytest
from members import member, members
from scipy.spatial import ConvexHull
from scipy.stats import kstest

from attnlab.inputs.base import Inputs, Shaped
from attnlab.inputs.tied import Tied
from attnlab.parts import Declined
from attnlab.shapes import Array, Sample

SIZES = [(1, 2, 1), (6, 3, 2), (16, 8, 8), (5, 12, 3)]


def drawn(name: str, trials: int, seed: int, **settings: object) -> Sample:
    part = member("inputs", name, **settings)
    assert isinstance(part, Inputs)
    try:
        sample = part(trials, np.random.default_rng(seed))
    except Declined as reason:
        assert len(str(reason)) > 10
        pytest.skip(str(reason))
    return sample


@pytest.mark.parametrize("name", members("inputs"))
@pytest.mark.parametrize(("n", "d", "e"), SIZES)
def test_law(name: str, n: int, d: int, e: int) -> None:
    sample = drawn(name, 7, 0, n=n, d=d, e=e)
    part = member("inputs", name, n=n, d=d, e=e)  # some find their sizes out
    assert sample.queries.shape == (7, part.e)
    assert sample.keys.shape == (7, part.n, part.e)
    assert sample.values.shape == (7, part.n, part.d)
    again, other = drawn(name, 7, 0, n=n, d=d, e=e), drawn(name, 7, 1, n=n, d=d, e=e)
    for field in ("queries", "keys", "values", "mask", "group"):
        np.testing.assert_array_equal(getattr(sample, field), getattr(again, field))
    assert not np.array_equal(sample.values, other.values)
    shared = (sample.values[:, None] == sample.values[None]).all(axis=(2, 3))
    np.testing.assert_array_equal(shared, sample.group[:, None] == sample.group[None])


@pytest.mark.parametrize("name", members("inputs"))
def test_no_size_is_declined_by_all_settings_of_its_yaml(name: str) -> None:
    member("inputs", name)(3, np.random.default_rng(0))


@pytest.mark.parametrize("name", [m for m in members("inputs") if member("inputs", m).generic_values])
def test_values_called_generic_are_standard_gaussians_independent_of_the_keys(name: str) -> None:
    sample = drawn(name, 2000, 0, n=4, d=3, e=2)
    rows = np.concatenate([sample.values.reshape(2000, -1), sample.keys.reshape(2000, -1)], axis=1)
    assert kstest(rows[:, :12].ravel(), "norm").pvalue > 1e-4
    # 4.5 standard errors: 190 correlations are looked at
    assert np.abs(np.corrcoef(rows.T) - np.eye(rows.shape[1])).max() < 4.5 / np.sqrt(2000)


@pytest.mark.parametrize(
    "name", [m for m in members("inputs") if isinstance(member("inputs", m), Shaped | Tied)]
)
@pytest.mark.parametrize(("n", "d", "e"), [(20, 6, 4), (5, 12, 3), (20, 6, 9)])
def test_value_entries_have_mean_square_one(name: str, n: int, d: int, e: int) -> None:
    squares = (drawn(name, 1500, 0, n=n, d=d, e=e).values ** 2).mean(axis=(1, 2))
    error = squares.std() / np.sqrt(1500)
    assert abs(squares.mean() - 1) < 4 * error + 0.005  # a code of odd length leaves half a pair


def vertex_rate(values: Array) -> tuple[float, float]:
    """The share of the values that are vertices of their hull, and its standard error."""
    shares = np.array([len(ConvexHull(v).vertices) / len(v) for v in values])
    return float(shares.mean()), float(shares.std() / np.sqrt(len(shares)))


@pytest.mark.parametrize("name", ["gaussian", "orthogonal", "anisotropic"])
def test_affine_images_of_gaussian_values_keep_the_gaussian_uniqueness_law(name: str) -> None:
    rate, error = vertex_rate(drawn(name, 1500, 0, n=5, d=2, e=1).values)
    assert abs(rate - 0.82452) < 4 * error  # P(5, 2, 1), Affentranger & Schneider 1992


def test_low_rank_values_follow_the_law_of_their_rank() -> None:
    values = drawn("low_rank", 800, 0, n=5, d=7, e=1, rank=2).values
    assert np.all(np.linalg.matrix_rank(values) == 2)
    left, sizes, _ = np.linalg.svd(values, full_matrices=False)
    rate, error = vertex_rate(left[..., :2] * sizes[:, None, :2])
    assert abs(rate - 0.82452) < 4 * error


def test_rank_above_the_dimension_is_declined() -> None:
    with pytest.raises(Declined, match="rank 4 need d >= 4, got d = 3"):
        member("inputs", "low_rank", n=5, d=3, rank=4)(2, np.random.default_rng(0))


def test_every_value_on_a_sphere_is_a_vertex() -> None:
    values = drawn("sphere", 50, 0, n=30, d=3, e=1).values
    assert vertex_rate(values)[0] == 1.0
    np.testing.assert_allclose(np.linalg.norm(values, axis=2), np.sqrt(3))


@pytest.mark.parametrize(("n", "d"), [(4, 9), (9, 4), (5, 5)])
def test_orthogonal_rows_or_columns(n: int, d: int) -> None:
    values = drawn("orthogonal", 6, 0, n=n, d=d, e=1).values
    gram = (
        np.matmul(values, values.transpose(0, 2, 1))
        if n <= d
        else np.matmul(values.transpose(0, 2, 1), values)
    )
    np.testing.assert_allclose(gram, np.broadcast_to(max(n, d) * np.eye(min(n, d)), gram.shape), atol=1e-12)


@pytest.mark.parametrize(("n", "copies"), [(9, 2), (8, 4), (3, 5), (1, 2)])
def test_duplicated_values_are_repeated_exactly(n: int, copies: int) -> None:
    for values in drawn("duplicated", 20, 0, n=n, d=3, e=1, copies=copies).values:
        _, counts = np.unique(values, axis=0, return_counts=True)
        assert len(counts) == -(-n // copies) and counts.max() <= copies


def test_clusters_at_no_spread_are_repeated_centres() -> None:
    values = drawn("clustered", 30, 0, n=40, d=3, e=1, clusters=3, spread=0.0).values
    assert max(len(np.unique(v, axis=0)) for v in values) == 3


def test_positional_values_share_the_code_and_nothing_else() -> None:
    part = member("inputs", "positional", n=12, d=5, e=2, scale=2.0)
    values = part(4000, np.random.default_rng(0)).values
    # the mean over trials of Gaussian content is within 5 standard errors of zero, 60 entries looked at
    np.testing.assert_allclose(values.mean(axis=0), 2 * part.code() / np.sqrt(5), atol=5 / np.sqrt(5 * 4000))
    plain = member("inputs", "positional", n=12, d=5, e=2, scale=0.0)(4, np.random.default_rng(0))
    np.testing.assert_array_equal(plain.values, drawn("gaussian", 4, 0, n=12, d=5, e=2).values)


@pytest.mark.parametrize(("d", "e"), [(6, 4), (4, 4), (3, 5)])
def test_tied_values_are_a_linear_isometry_of_the_keys(d: int, e: int) -> None:
    sample = drawn("tied", 5, 0, n=30, d=d, e=e)
    for keys, values in zip(sample.keys, sample.values, strict=True):
        change, residual, _, _ = np.linalg.lstsq(keys, values)
        assert residual.sum() < 1e-20
        sizes = np.linalg.svd(change, compute_uv=False)
        np.testing.assert_allclose(sizes, np.sqrt(max(d / e, 1.0)), atol=1e-12)


def test_noise_one_unties_the_values() -> None:
    sample = drawn("tied", 3000, 0, n=2, d=1, e=1, noise=1.0)
    assert abs(np.corrcoef(sample.keys[..., 0].ravel(), sample.values[..., 0].ravel())[0, 1]) < 4 / np.sqrt(
        6000
    )
