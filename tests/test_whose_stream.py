"""Whose stream an output is added to: that of the last visible position, and every sentence about it says so."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from members import member, members
from small_tables import table_of

from attnlab.channels.stream import Streamed
from attnlab.harness.cells import experiment

STREAMED = [name for name in members("channel") if isinstance(member("channel", name), Streamed)]
WORDS = "the last visible word"


def test_there_are_such_channels() -> None:
    assert "residual" in STREAMED and len(STREAMED) > 1


@pytest.mark.parametrize("name", STREAMED)
def test_what_arrives_changes_with_the_last_visible_word_and_with_no_other(name: str) -> None:
    """Whichever position asks: which one that is a sample does not say."""
    channel, rng = member("channel", name), np.random.default_rng(3)
    sample = member("inputs", "tokens", n=6, d=4, m=4)(5, rng)
    mask = np.ones((5, 6), dtype=bool)
    mask[0, 4:] = mask[1, 5:] = mask[2, 0] = mask[3, 2:] = False
    weights = mask / mask.sum(axis=1, keepdims=True)
    sample = dataclasses.replace(sample, mask=mask)
    before = channel(weights, sample, rng)
    assert sample.tokens is not None
    for place in range(6):
        tokens = sample.tokens.copy()
        tokens[:, place] += np.array([1.0, -2.0, 0.5, 0.3])
        after = channel(weights, dataclasses.replace(sample, tokens=tokens), rng)
        last = np.array([mask[trial].nonzero()[0][-1] == place for trial in range(5)])
        assert (~np.isclose(before, after).all(axis=1) == last).all()
    assert WORDS in channel.says and WORDS not in member("channel", name, weight=0.0).says


def test_sentences_of_a_study_through_a_stream_say_whose_it_is() -> None:
    few = ("inputs.n=8", "inputs.d=4", "weights=softmax", "weights.temperature=0.3,1", "decoder=simplex")
    table = table_of("experiment=recovery", "channel=residual", *few, few=("trials=12", "repeats=1"))
    sentences = experiment("attnlab.experiments.recovery").verdict(table).sentences
    about = [sentence for sentence in sentences if "softmax weights" in sentence]
    assert about and all(f"the output added to {WORDS}" in sentence for sentence in about)
