"""One or two visible positions: every study answers or declines, and no cell fails."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from attnlab.attention import softmax_weights
from attnlab.decoders.base import decode
from attnlab.decoders.max_entropy import MaxEntropy
from attnlab.experiments import alignment
from attnlab.identifiability import lost_by_degree, same_order_type, softmax_inverse, softmax_rivals
from attnlab.probes.code import Code


def test_a_code_of_no_bits_has_no_compression() -> None:
    assert np.isnan(Code(online=0.0, uniform=0.0).compression)
    assert Code(online=2.0, uniform=3.0).compression == 1.5


@pytest.mark.parametrize("n", [1, 2, 3])
@pytest.mark.parametrize("e", [1, 2])
def test_few_positions_at_a_low_temperature_warn_of_nothing(n: int, e: int) -> None:
    """Equal keys, too: then the weights are uniform and certainly the only ones."""
    rng = np.random.default_rng(0)
    for temperature in (1e-3, 1.0):
        for copies in (False, True):
            keys, values = rng.standard_normal((10, n, e)), rng.standard_normal((10, n, 1))
            if copies:
                keys[:, 1:2] = keys[:, :1]
                values[:, 1:2] = values[:, :1]
            scores = np.matmul(keys, rng.standard_normal((10, e, 1)))[..., 0] / temperature
            a = np.exp(scores - scores.max(axis=1, keepdims=True))
            a /= a.sum(axis=1, keepdims=True)
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                found, degree = softmax_rivals(a, values, keys), lost_by_degree(a, values, keys)
                softmax_inverse(np.matmul(a[:, None], values)[:, 0], values, keys, starts=4)
            assert not (found.kept & (found.lost | degree)).any()
            if n == 1 or (n == 2 and copies):
                assert found.kept.all()


STUDIES = {
    "alignment": (),
    "asker": ("inputs=gaussian",),
    "channel": ("inputs=gaussian", "channel=noise,layer_norm,rounding", "channel.format=int4", "samples=0"),
    "collision": ("collision=radon",),
    "fibre": ("weights.temperature=1",),
    "four_questions": ("inputs=gaussian", "asks=weights,words", "samples=30", "probe=output_linear"),
    "heads": ("mixing=concatenated,square,summed", "decoder=simplex,max_entropy"),
    "importance": ("inputs=gaussian,sink", "source=drawn"),
    "ladder": ("samples=30", "probe=output_ridge,pointer", "decoder=max_entropy"),
    "phase": ("inputs=gaussian", "weights.support=1"),
    "probing": ("samples=30", "probe=output_linear", "weights=hard"),
    "recovery": ("decoder=least_squares,max_entropy",),
    "spare": ("inputs.e=1,2", "starts=8", "near=0.1"),
    "width": ("samples=30", "probe=output_linear", "projection=random", "projection.width=1"),
}
"""All that have inputs of any size."""


@pytest.mark.parametrize("study", STUDIES)
def test_every_study_takes_one_and_two_positions(
    study: str, command: Callable[..., Any], tmp_path: Path
) -> None:
    size = ("inputs.n=1,2", *(() if study == "width" else ("inputs.d=1",)))
    few = (*size, "trials=12", "repeats=1", f"results={tmp_path}")
    answer = command(f"experiment={study}", *few, *STUDIES[study])
    assert answer.code == 0 and not re.search(r"[1-9] failed", answer.out + answer.err), answer.err
    assert "Warning" not in answer.err


def test_a_single_position_has_no_other_word(command: Callable[..., Any], tmp_path: Path) -> None:
    """Declined in the words of the asker; under a causal mask the trials that show one are left out."""
    asked = ("experiment=four_questions", "asks=words", "trials=12", "repeats=1", f"results={tmp_path}")
    answer = command(*asked, "inputs=gaussian", "inputs.n=1")
    assert "a single visible position has no other" in answer.out + answer.err
    answer = command(*asked, "inputs=tokens", "inputs.n=3", "inputs.mask=causal")
    assert answer.code == 0 and "failed" not in answer.out + answer.err


def test_one_order_type_leaves_the_weights_alone_and_not_the_query() -> None:
    """Two keys in two dimensions: what is orthogonal to their difference changes the query, and no weight."""
    keys, values = np.array([[0.0, 0.0], [1.0, 0.0]]), np.array([[0.0], [1.0]])
    assert same_order_type(values, keys)
    scores = np.array([[1.0, 0.0], [1.0, 5.0]]) @ keys.T
    assert np.array_equal(*softmax_weights(scores, np.ones((2, 2), dtype=bool)))
    said = " ".join(claim.says for claim in alignment.CLAIMS if claim.metric in ("same_order", "rivals"))
    assert "weights" in said and "query" not in said and "queries" not in said


@pytest.mark.parametrize("scale", [1e-200, 1.0, 1e200])
@pytest.mark.parametrize("sent", [0.0, 1.0])
def test_outputs_far_from_all_values_warn_of_nothing(scale: float, sent: float) -> None:
    rng = np.random.default_rng(0)
    for n in (1, 2, 6):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            decode(MaxEntropy(), np.full((20, 2), sent), scale * (5 + rng.standard_normal((20, n, 2))))
