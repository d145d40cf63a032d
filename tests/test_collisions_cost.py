"""What collisions may cost: memory of the closest pair, and the check beside the solve."""

from __future__ import annotations

import itertools
import math
import time
import tracemalloc

import numpy as np

from attnlab.collisions.radon import Radon
from attnlab.inputs.gaussian import Gaussian
from attnlab.shapes import Collision
from attnlab.solvers.closest import closest


def test_the_closest_pair_needs_the_memory_of_one_trial() -> None:
    values = np.random.default_rng(0).standard_normal((6, 1024, 8))
    every = np.ones(values.shape[:2], dtype=bool)
    closest(values, every)  # compile
    tracemalloc.start()
    closest(values, every)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < values.nbytes  # a table of all distances of one trial alone is 21 times that


def test_the_closest_pair_is_the_closest() -> None:
    rng = np.random.default_rng(1)
    for d in (0, 1, 3, 4, 5, 9):
        for scale, offset in ((1.0, 0.0), (1e-200, 0.0), (1e200, 0.0), (1.0, 1e8)):
            values = scale * (rng.standard_normal((5, 12, d)) + offset)
            mask = np.arange(12) < np.array([[12], [12], [7], [2], [1]])
            first, second = closest(values, mask)
            for b in range(5):
                pairs = list(itertools.combinations(np.flatnonzero(mask[b]), 2))
                apart = {pair: math.dist(*(values[b, list(pair)] / scale)) for pair in pairs}
                nearest = min(apart, key=lambda pair: apart[pair], default=(0, 0))
                assert (first[b], second[b]) == nearest


def test_of_pairs_that_are_as_near_the_first_counts() -> None:
    corners = np.eye(5)[None] / 3  # all distances are equal but for rounding
    assert [int(x[0]) for x in closest(corners, np.ones((1, 5), dtype=bool))] == [0, 1]
    twins = np.random.default_rng(0).standard_normal((1, 6, 3))[:, [0, 1, 2, 1, 0, 3]]
    assert [int(x[0]) for x in closest(twins, np.ones((1, 6), dtype=bool))] == [0, 4]


def test_the_check_of_a_radon_pair_takes_no_longer_than_three_solves() -> None:
    sample = Gaussian(n=64, d=16, e=1)(2000, np.random.default_rng(0))
    weights = np.full((2000, 64), 1 / 64)
    pair = Radon()(weights, sample, np.random.default_rng(1))
    whole, check = math.inf, math.inf
    for _ in range(3):
        began = time.process_time()
        Radon()(weights, sample, np.random.default_rng(1))
        whole, began = min(whole, time.process_time() - began), time.process_time()
        Collision(pair.patterns, sample.values, "simplex", pair.found)
        check = min(check, time.process_time() - began)
    assert check <= 3 * (whole - check)
