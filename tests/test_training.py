"""The laws of the tasks and of the trained layer. What needs torch is skipped, with the reason, without it."""

from __future__ import annotations

import dataclasses
import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest
from members import exact_examples, member, members

from attnlab.attention import output
from attnlab.parts import SettingError, Unavailable
from attnlab.projections import models
from attnlab.projections.models.trained_attention import EXTRA, TrainedAttention, _trained
from attnlab.projections.tasks.associative_recall import AssociativeRecall
from attnlab.projections.tasks.base import NOWHERE, Task
from attnlab.projections.tasks.majority import Majority
from attnlab.projections.tasks.previous_token import PreviousToken
from attnlab.seeds import Streams

TASKS = members("task")
needs_torch = pytest.mark.skipif(
    importlib.util.find_spec("torch") is None, reason="training a layer needs the extra `torch`"
)
SMALL = AssociativeRecall(n=8, symbols=6, keys=12)
SHORT = TrainedAttention(m=24, e=12, d=6, steps=250, batch=64, rate=0.02)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.mark.parametrize("name", TASKS)
@pytest.mark.parametrize("n", [2, 9, 16])
def test_law_of_tasks(name: str, n: int) -> None:
    task = member("task", name, n=n)
    assert isinstance(task, Task)
    episodes, again = task(200, rng()), task(200, rng())
    for field in dataclasses.fields(episodes):
        np.testing.assert_array_equal(getattr(episodes, field.name), getattr(again, field.name))
    assert episodes.symbols.shape == (200, n, len(task.alphabets))
    assert (episodes.symbols >= 0).all()
    assert (episodes.symbols < task.alphabets).all()
    assert (episodes.query < task.alphabets).all()
    assert (episodes.symbols[:, :, -1] < task.symbols).all()
    told = episodes.position != NOWHERE
    there = episodes.symbols[told, episodes.position[told], -1]
    np.testing.assert_array_equal(there, episodes.answer[told])


def test_the_question_decides_the_position() -> None:
    recall = AssociativeRecall(n=16)(300, rng())
    matches = recall.symbols[:, :, 0] == recall.query[:, :1]
    np.testing.assert_array_equal(matches, np.arange(16) == recall.position[:, None])
    copy = member("task", "selective_copy", n=16)(300, rng())
    np.testing.assert_array_equal(copy.symbols[:, :, 0] == 1, np.arange(16) == copy.position[:, None])
    before = PreviousToken(n=16)(300, rng())
    np.testing.assert_array_equal(before.position, before.place - 1)
    most = Majority(n=15)(300, rng())
    shown = (most.symbols[:, :, 0] == most.answer[:, None]).sum(axis=1)
    assert (shown > 7).all()
    assert (most.position == NOWHERE).all()


def test_impossible_tasks_are_refused_by_name() -> None:
    with pytest.raises(SettingError, match="keys=8"):
        AssociativeRecall(n=9, keys=8)
    with pytest.raises(SettingError, match="n=1"):
        PreviousToken(n=1)


def test_every_yaml_is_the_call_of_its_class() -> None:
    for group in ("task", "model"):
        for name in members(group):
            made = member(group, name)
            given = set((Path(__file__).parents[1] / "conf" / group / f"{name}.yaml").read_text().split("\n"))
            written = {line.split(":")[0] for line in given if line} - {"_target_"}
            assert written == {field.name for field in dataclasses.fields(made)}


def test_without_torch_one_line_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    _trained.cache_clear()
    monkeypatch.setitem(sys.modules, "torch", None)  # makes `import torch` fail
    monkeypatch.delitem(sys.modules, "attnlab.projections.models.network", raising=False)
    monkeypatch.delattr(models, "network", raising=False)  # where an earlier test imported it
    with pytest.raises(Unavailable, match=r"attnlab\[torch\]") as caught:
        SHORT.train(SMALL, 0.0, 0)
    assert str(caught.value) == EXTRA
    assert "\n" not in EXTRA


@needs_torch
@pytest.mark.parametrize("encoding", ["none", "sinusoidal", "learned"])
def test_what_is_seen_of_a_layer_is_the_equation(encoding: str) -> None:
    model = TrainedAttention(heads=2, m=12, e=5, d=3, encoding=encoding, steps=4, batch=8)  # type: ignore[arg-type]
    layer = model.train(SMALL, 1.0, 3)
    seen = layer(SMALL(20, rng()))
    assert seen.weights.shape == (20, 2, 8)
    from attnlab.projections.models.network import TorchLayer, _tensors

    assert isinstance(layer, TorchLayer)
    inside = layer.network(*_tensors(SMALL(20, rng()), "cpu"))
    for head in range(2):
        sample, a = seen.head(head)
        scores = (sample.keys @ sample.queries[:, :, None])[:, :, 0]
        by_hand = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
        np.testing.assert_allclose(a, by_hand, atol=1e-12)
        np.testing.assert_allclose(a, inside["weights"][:, head].detach().numpy(), atol=1e-12)
        both = inside["output"].detach().numpy().reshape(20, 2, 3)
        np.testing.assert_allclose(output(a, sample.values), both[:, head], atol=1e-12)
        # keys and values are linear in the tokens, as W_K and W_V say
        for part, width, weights in (
            (sample.keys, 5, layer.network.to_key),
            (sample.values, 3, layer.network.to_value),
        ):
            projection = weights.detach().numpy()[:, head * width : (head + 1) * width]
            assert sample.tokens is not None
            np.testing.assert_allclose(part, sample.tokens @ projection, atol=1e-10)


@needs_torch
def test_training_is_a_function_of_its_seed_and_a_share_is_the_same_training_stopped_earlier() -> None:
    from attnlab.projections.models import network

    model, episodes = dataclasses.replace(SHORT, steps=20), SMALL(10, rng())
    first = network.trained(model, SMALL, 10, 5)(episodes)
    again = network.trained(model, SMALL, 10, 5)(episodes)
    np.testing.assert_array_equal(first.weights, again.weights)
    assert not np.array_equal(first.weights, network.trained(model, SMALL, 10, 6)(episodes).weights)
    np.testing.assert_array_equal(first.weights, model.train(SMALL, 0.5, 5)(episodes).weights)


@needs_torch
def test_associative_recall_is_learned_by_attending_to_the_right_position() -> None:
    episodes = SMALL(1000, rng(1))
    seen = SHORT.train(SMALL, 1.0, 0)(episodes)
    assert (seen.answer == episodes.answer).mean() >= 0.99
    assert (seen.weights[:, 0].argmax(axis=1) == episodes.position).mean() >= 0.99


@needs_torch
def test_pressure_keeps_or_hides_the_position_at_the_same_task() -> None:
    from attnlab.probes.pointer import Pointer
    from attnlab.probes.scores import hit

    read = {}
    for readability in (-3.0, 0.3):
        model = dataclasses.replace(SHORT, readability=readability, steps=350)
        episodes = SMALL(900, rng(1))
        seen = model.train(SMALL, 1.0, 0)(episodes)
        assert (seen.answer == episodes.answer).mean() >= 0.99
        sample, a = seen.head(0)
        data = exact_examples(a, sample)
        reader = Pointer().fit(data[np.arange(600)], rng())
        read[readability] = hit(reader(data[np.arange(600, 900)]), data.goal[600:]).mean()
    assert read[0.3] > read[-3.0] + 0.15


@needs_torch
def test_a_trial_before_training_and_one_of_a_task_without_a_position() -> None:
    from attnlab.experiments.training import trial

    from attnlab.channels.exact import Exact
    from attnlab.decoders.simplex import Simplex
    from attnlab.probes.output_ridge import OutputRidge

    model = dataclasses.replace(SHORT, steps=5)
    for task in (SMALL, Majority(n=8, symbols=4)):
        row = trial(task, model, Exact(), OutputRidge(), Simplex(), "weight", 0.0, 60, 30, Streams(0))
        assert ("attends" in row) == (task is SMALL)
        assert not row["learned"].any()
        if task is SMALL:  # eight tokens share six answers; their other feature, the key, is each one's own
            assert row["answer_only"].min() < 1
        width = row["top_width"]
        assert ((width >= 0) & (width <= 1)).all()
