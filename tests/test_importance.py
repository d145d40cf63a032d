"""Is the attended position the important one: observers against removals, by hand, in limits, after training."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from members import CONF, member
from small_tables import table_of

from attnlab.inputs.base import Inputs
from attnlab.inputs.gaussian import Gaussian
from attnlab.projections.models.skill import LEARNED
from attnlab.report.pooling import NotDrawable
from attnlab.report.specs import build
from attnlab.seeds import Streams
from attnlab.shapes import Array, Row, Sample
from attnlab.weights.hard import Hard
from attnlab.weights.softmax import Softmax
from experiments import importance as study

TASK, MODEL = member("task", "selective_copy", n=6, symbols=4), member("model", "trained_attention")


def row(
    inputs: Inputs, weights: Any = None, reads: Any = "numbers", removal: Any = "rest", trials: int = 300
) -> Row:
    drawn: Any = (inputs, weights or Softmax(), TASK, MODEL, "drawn", reads, removal, 8, trials, Streams(0))
    return study.trial(*drawn)


def mean(found: Row, metric: str) -> float:
    return float(np.nanmean(found[metric].astype(float)))


def test_what_is_left_without_a_position() -> None:
    values = np.array([[[1.0, 0.0], [0.0, 2.0], [4.0, 4.0]]])
    a = np.array([[0.5, 0.25, 0.25]])
    rest = np.array([[[2.0, 3.0], [2.0, 4.0 / 3], [2.0 / 3, 2.0 / 3]]])
    whole = (a @ values[0])[:, None]
    np.testing.assert_allclose(whole + study._moved(a, values, "rest"), rest)
    zero = a[..., None] @ np.zeros((1, 1, 2)) + (a @ values[0])[:, None] - a[..., None] * values
    np.testing.assert_allclose(whole + study._moved(a, values, "zero"), zero)
    alone = values[:, 1:2] + study._moved(np.array([[0.0, 1.0, 0.0]]), values, "rest")
    np.testing.assert_array_equal(alone[0, 1], [0.0, 0.0])


@pytest.mark.parametrize("reads", ["numbers", "choice"])
@pytest.mark.parametrize("far", [1.0, 0.1, 1e8])
def test_where_all_values_are_equal_no_position_matters_and_rounding_names_none(
    far: float, reads: Any
) -> None:
    """The rest takes over the weight and the sum stays: all positions tie, and a blind guess is always right."""
    values = np.full((40, 5, 2), far) * [1.0, -0.3]
    values[:, 4] += 1.0  # of no weight
    a = np.random.default_rng(0).dirichlet(np.ones(4), 40)
    a = np.concatenate([a, np.zeros((40, 1))], axis=1)
    moved = study._moved(a, values, "rest")
    assert not moved.any()
    inputs = member("inputs", "duplicated", n=6, d=3, e=2, copies=6)
    found = row(inputs, reads=reads, trials=50)
    assert all(mean(found, f"by_{name}") == 1 for name in study.OBSERVERS) and mean(found, "chance") == 1


def loss(answer_from: Array, left: Array, reads: Any) -> Array:
    """Of three logits read off a sum of three dimensions as they are."""
    sample = Sample(np.zeros((1, 1)), np.zeros((1, 2, 1)), np.zeros((1, 2, 3)))
    asked = study.Asked(
        sample, np.full((1, 2), 0.5), np.eye(3)[None], np.zeros((1, 3)), np.array([-1]), np.array([-1])
    )
    return study._lost(asked, answer_from, left - answer_from[:, None], reads)


def test_what_an_answer_loses() -> None:
    whole, left = np.array([[2.0, 0.0, 0.0]]), np.array([[[2.0, 1.0, 0.0], [0.0, 0.0, 0.0]]])
    np.testing.assert_allclose(loss(whole, left, "numbers"), [[1.0, 4.0]])
    before, e = 2 - np.log(np.exp(2) + 2), np.exp
    after = [2 - np.log(e(2) + e(1) + 1), -np.log(3)]
    np.testing.assert_allclose(loss(whole, left, "choice"), [before - np.array(after)])


def test_rank_correlation_is_spearmans_over_what_is_visible() -> None:
    from scipy.stats import spearmanr

    rng = np.random.default_rng(0)
    one, other = rng.standard_normal((2, 20, 7)).round(1)
    mask = np.arange(7) < rng.integers(3, 8, (20, 1))
    found = study._agreement(np.where(mask, one, -np.inf), np.where(mask, other, -np.inf), mask)
    for k in range(20):
        expected = spearmanr(one[k, mask[k]], other[k, mask[k]]).statistic
        assert found[k] == pytest.approx(expected, abs=1e-12)
    assert np.isnan(study._agreement(one, np.zeros((20, 7)), mask)).all()


def test_one_attended_position_is_the_important_one_whoever_looks() -> None:
    for reads in ("numbers", "choice"):
        found = row(Gaussian(n=12, d=6, e=4), Hard(), reads)
        for name in study.OBSERVERS:
            assert mean(found, f"by_{name}") > 0.95, (reads, name)


def test_a_readout_of_many_numbers_sees_what_moves_the_sum() -> None:
    """By the law of large numbers: the loss tends to the square of the distance, and with a zeroed value the
    distance is a_i |v_i| itself."""
    inputs = Gaussian(n=12, d=4, e=4)
    found = study.trial(inputs, Softmax(), TASK, MODEL, "drawn", "numbers", "zero", 4000, 100, rng=Streams(0))
    np.testing.assert_array_equal(found["by_norm"], found["by_moved"])
    assert mean(found, "by_moved") > 0.95 and mean(found, "rank_by_moved") > 0.99


def test_uneven_sizes_mislead_the_weights_and_not_who_knows_the_values() -> None:
    even, uneven = (row(member("inputs", "sink", pull=0, size=1, spread=spread)) for spread in (0.0, 1.0))
    assert mean(even, "by_weight") > mean(uneven, "by_weight") + 0.2
    assert mean(uneven, "by_norm") > mean(uneven, "by_weight") + 0.3
    assert mean(uneven, "rank_by_norm") > mean(uneven, "rank_by_weight") + 0.1


def test_a_sink_has_the_weight_and_does_not_matter_where_removal_leaves_the_other_weights() -> None:
    sink = member("inputs", "sink", size=0.01)
    zero, rest = row(sink, removal="zero"), row(sink, removal="rest")
    assert mean(zero, "top_weight") > 0.4
    assert mean(zero, "by_weight") < 0.3 < 0.6 < mean(zero, "by_norm")
    assert mean(rest, "by_weight") > 0.6, "the others take its weight over, and the sum grows"


@pytest.mark.parametrize("scale", [1e-150, 1.0, 1e150])
def test_units_of_the_values_change_nothing(scale: float) -> None:
    class Scaled(Gaussian):
        def __call__(self, trials: int, rng: np.random.Generator) -> Sample:
            drawn = super().__call__(trials, rng)
            return Sample(drawn.queries, drawn.keys, scale * drawn.values)

    for reads in ("numbers", "choice"):
        found, plain = row(Scaled(n=9, d=4, e=4), reads=reads), row(Gaussian(n=9, d=4, e=4), reads=reads)
        for name in study.OBSERVERS:
            assert mean(found, f"by_{name}") == pytest.approx(mean(plain, f"by_{name}"), abs=0.02)


def test_the_sink_is_what_its_settings_say() -> None:
    sample = member("inputs", "sink", n=6, d=5, e=3, pull=4.0, size=0.1, spread=0.5)(
        4000, np.random.default_rng(0)
    )
    scores = np.einsum("be,bne->bn", sample.queries, sample.keys) / np.sqrt(3)
    assert scores[:, 0].mean() - scores[:, 1:].mean() == pytest.approx(4.0, abs=0.1)
    squares = (sample.values**2).mean(axis=(0, 2))
    assert squares[1:].mean() == pytest.approx(1.0, abs=0.1) and squares[0] == pytest.approx(0.01, abs=0.003)


FOREIGN = {
    "duplicated": ("inputs=duplicated", "inputs.n=6"),
    "tokens": ("inputs=tokens", "inputs.n=6", "inputs.m=5", "inputs.mask=causal", "inputs.positional=1"),
    "one": ("inputs=tied", "inputs.n=1"),
}


@pytest.mark.parametrize("name", FOREIGN)
def test_sentences_of_other_inputs_name_what_is_there(name: str) -> None:
    small = ("experiment=importance", "source=drawn", "weights.temperature=1", "reads=numbers")
    table = table_of(*small, "removal=rest", *FOREIGN[name])
    assert set(table["status"]) == {"done"}, set(table["reason"])
    found = study.verdict(table)
    assert found.sentences
    for sentence in found.sentences:
        assert not re.search(r"[a-z]:[a-z]|\bnan\b|None|Gaussian|trained|sink|recall", sentence), sentence


def test_a_trained_layer_loses_its_answer_with_the_position_that_holds_it() -> None:
    pytest.importorskip("torch")
    task = member("task", "associative_recall", n=8, symbols=4)
    model = member("model", "trained_attention", d=8, steps=300, batch=64)
    trained: Any = (
        Gaussian(n=4, d=2, e=2),
        Softmax(),
        task,
        model,
        "trained",
        "choice",
        "rest",
        8,
        150,
        Streams(0),
    )
    found = study.trial(*trained)
    assert mean(found, "right_by_weight") > 0.9 and mean(found, "right_by_removal") > 0.85
    assert mean(found, "by_weight") > 0.85 and mean(found, "chance") < 0.2


SMALL = ("experiment=importance", "inputs=gaussian", "inputs.n=3", "inputs.d=2", "weights.temperature=1,100")


@pytest.mark.parametrize(
    "words",
    [
        ("source=drawn", "reads=choice", "removal=zero"),
        ("source=drawn", "reads=numbers,choice", "removal=rest"),
        ("source=drawn", "reads=numbers", "removal=rest,zero"),
    ],
)
def test_every_sentence_names_what_is_read_and_what_removal_means(words: tuple[str, ...]) -> None:
    """One value that is not the default alone, or several: a number without them is a number of something else."""
    sentences = study.verdict(table_of(*SMALL, *words)).sentences
    assert len(sentences) >= 2
    for sentence in sentences:
        assert re.search("all numbers read|a choice read", sentence), sentence
        assert re.search("the others taking over its weight|its value set to zero", sentence), sentence


def figures(table: pd.DataFrame) -> dict[str, str]:
    """The captions of the figures that can be drawn."""
    config = yaml.safe_load((CONF / "experiment" / "importance.yaml").read_text())
    drawn = {}
    for figure in map(build, config["experiment"]["figures"]):
        try:
            drawn[figure.name] = figure.fitted(table).caption(table)
        except NotDrawable:
            continue
    return drawn


def test_a_figure_shows_what_its_cells_depend_on() -> None:
    """Drawn problems have no task, a trained layer has neither these inputs nor their weights."""
    drawn = table_of(*SMALL, "source=drawn", "reads=numbers", "removal=rest", "task=majority,selective_copy")
    captions = figures(drawn)
    assert captions.keys() == {"sharpness", "kinds", "order"}
    for name, caption in captions.items():
        assert "10 trials a value" in caption and "task" not in caption, (name, "one number is counted once")
    assert "learned" not in set(drawn["metric"])


def test_a_trained_layer_says_whether_it_has_learned_its_task() -> None:
    pytest.importorskip("torch")
    short = (
        "source=trained",
        "reads=choice",
        "removal=rest",
        "task=selective_copy,majority",
        "model.steps=1",
    )
    table = table_of(*SMALL, *short)
    captions = figures(table)
    assert captions.keys() == {"trained"} and "10 trials a value" in captions["trained"], captions
    told = table[table["metric"].isin(["learned", "task_accuracy"])]
    assert len(told) == 2 * table["key"].nunique() and (told["value"] < LEARNED).all()
    (sentence,) = study.verdict(table).sentences
    assert "have learned the task: 0" in sentence and "a choice read, the others taking" in sentence, sentence
