"""What single entries of the experiments' rows are, by cases in which they are known."""

from __future__ import annotations

import numpy as np
from members import member

from attnlab.experiments import collision, fibre, probing, recovery
from attnlab.inputs.gaussian import Gaussian
from attnlab.seeds import Streams
from attnlab.weights.softmax import Softmax


def test_every_trial_has_one_tail() -> None:
    row = fibre.trial(Gaussian(n=12, d=4, e=4), Softmax(0.3), 60, Streams(0))
    tail = np.asarray(row["tail_mass"])
    for name, those in {
        "thin": tail < fibre.THIN,
        "middling": (tail >= fibre.THIN) & (tail < fibre.THICK),
        "thick": tail >= fibre.THICK,
    }.items():
        np.testing.assert_array_equal(np.isfinite(row[f"certified_{name}"]), those)
        assert those.any()


def test_weights_that_are_all_but_uniform_are_no_bits_from_uniform() -> None:
    flat = Softmax(temperature=1e6)
    row = collision.trial(Gaussian(n=12, d=4, e=4), flat, member("collision", "radon"), 20, Streams(0))
    assert np.max(row["jsd_bits_to_uniform"]) < 1e-6


def test_of_two_positions_that_share_the_top_either_is_right() -> None:
    """The nearest value to the midpoint of two of four is one of the two, in 32 dimensions."""
    row = recovery.trial(
        Gaussian(n=4, d=32, e=4), member("weights", "uniform_support", support=2), member("channel", "exact"),
        member("decoder", "nearest_value"), 60, Streams(0),
    )  # fmt: skip
    assert np.mean(row["top1"]) > 0.9


def test_the_code_of_an_example_and_its_compression_are_of_one_code() -> None:
    row = probing.trial(
        member("inputs", "tokens", n=8, d=4, e=4), Softmax(0.3), member("channel", "exact"),
        member("probe", "output_linear"), member("decoder", "simplex"), "weight", "group", 200, 40, Streams(0),
    )  # fmt: skip
    uniform = float(row["code_bits_per_example"][0]) * float(row["compression"][0])
    np.testing.assert_allclose(uniform, np.log2(8))
