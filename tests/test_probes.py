"""The laws of the probes over all of conf/probe, the null designs, and what each probe can and cannot read."""

from __future__ import annotations

import dataclasses
from functools import cache

import numpy as np
import pytest
from members import exact_examples, member, members
from scipy.optimize import approx_fprime
from scipy.stats import binomtest

from attnlab.inputs.gaussian import Gaussian
from attnlab.inputs.tokens import Tokens
from attnlab.parts import Declined
from attnlab.probes import controls
from attnlab.probes.base import Probe, hedged
from attnlab.probes.pointer import Pointer
from attnlab.probes.scores import hit
from attnlab.probes.splits import leaks, split, values_seen
from attnlab.probes.targets import Target, labelled
from attnlab.shapes import Array, Examples
from attnlab.solvers.pointer_network import PointerNetwork, network_loss
from attnlab.solvers.ridge_path import RidgePath
from attnlab.solvers.softmax_fit import bilinear, low_rank
from attnlab.weights.softmax import Softmax

PROBES = members("probe")
OUTPUT_ONLY = [name for name in PROBES if member("probe", name).reads == "the output"]


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def one_hot(inputs: Tokens, trials: int, seed: int = 0) -> Examples:
    """Examples that attend to one uniform position."""
    sample = inputs(trials, rng(seed))
    return exact_examples(np.eye(inputs.n)[rng(seed + 1).integers(inputs.n, size=trials)], sample)


def halves(data: Examples, held: int, by: str = "group") -> tuple[Examples, Examples]:
    train, test = split(data.group, held, rng(2), by=by)  # type: ignore[arg-type]
    return data[train], data[test]


@pytest.mark.parametrize("name", PROBES)
@pytest.mark.parametrize("mask", ["none", "causal"])
def test_probabilities(name: str, mask: str) -> None:
    inputs = Tokens(n=7, d=5, e=5, m=6, mask=mask)  # type: ignore[arg-type]
    sample = inputs(120, rng())
    train, held = halves(exact_examples(Softmax(temperature=0.5)(sample, rng(1)), sample), 40)
    read = member("probe", name).fit(train, rng(3))(held)
    assert (read[held.mask] > 0).all()
    assert (read[~held.mask] == 0).all()
    np.testing.assert_allclose(read.sum(axis=1), 1, atol=1e-12)


@pytest.mark.parametrize("name", PROBES)
def test_reads_fixed_values_and_only_what_is_there(name: str) -> None:
    inputs = Tokens(n=6, d=8, e=8, m=12, values="fixed")
    everything = one_hot(inputs, 500)
    train, held = halves(everything, 200)
    probe = member("probe", name)
    assert hit(probe.fit(train, rng(3))(held), held.goal).mean() > 0.8
    noise, held = halves(controls.shuffled(everything, rng(4)), 200)
    found = int(hit(probe.fit(noise, rng(3))(held), held.goal).sum())
    assert binomtest(found, len(held), 1 / inputs.n).pvalue > 0.01 / len(PROBES)


@pytest.mark.parametrize("seen", [1, 2])
@pytest.mark.parametrize("name", PROBES)
def test_few_positions_seen_are_what_is_read(name: str, seen: int) -> None:
    """Examples that attend to one or two positions alone: no probe breaks, and it expects those."""
    inputs = Tokens(n=6, d=8, e=8, m=12)
    sample = inputs(60, rng())
    data = exact_examples(np.eye(inputs.n)[rng(1).integers(seen, size=60)], sample)
    train, held = halves(data, 20)
    read = member("probe", name).fit(train, rng(3))(held)
    np.testing.assert_allclose(read.sum(axis=1), 1, atol=1e-12)
    if name in OUTPUT_ONLY:
        assert (read.argmax(axis=1) < seen).all()


@pytest.mark.parametrize("name", PROBES)
def test_never_reads_the_answers_of_the_examples_it_is_given(name: str) -> None:
    train, held = halves(one_hot(Tokens(n=6, d=8, e=8, m=12), 200), 50)
    other = held.goal[:, ::-1]
    asked = Examples(held.outputs, held.tokens, other, other, held.mask, held.group + 1)
    reader = member("probe", name).fit(train, rng(3))
    np.testing.assert_array_equal(reader(held), reader(asked))


@pytest.mark.parametrize("name", [name for name in PROBES if name not in OUTPUT_ONLY])
def test_a_probe_of_tokens_declines_inputs_without_them(name: str) -> None:
    sample = Gaussian(n=5, d=4, e=4)(50, rng())
    with pytest.raises(Declined, match="token vectors"):
        member("probe", name).fit(exact_examples(Softmax()(sample, rng()), sample), rng())


@cache
def fresh() -> Examples:
    sample = Tokens(n=16, d=16, e=16, m=16)(2000, rng(11))
    return exact_examples(Softmax(temperature=0.3)(sample, rng(12)), sample)


# With fresh values and no positional code the positions are exchangeable given the output, so the hits of an
# output-only reader are Binomial(1200, 1/16), and so are any reader's on shuffled labels. All tests of this
# family together raise a false alarm with probability below 1 %: each is held to 1 % over their number.
NULLS = [(name, False) for name in OUTPUT_ONLY] + [(name, True) for name in PROBES]


@pytest.mark.parametrize(("name", "shuffle"), NULLS)
def test_the_null_design_is_at_chance(name: str, shuffle: bool) -> None:
    data = controls.shuffled(fresh(), rng(13)) if shuffle else fresh()
    train, held = halves(data, 1200)
    found = int(hit(member("probe", name).fit(train, rng(3))(held), held.goal).sum())
    assert binomtest(found, len(held), 1 / 16).pvalue > 0.01 / len(NULLS)


def test_the_pointer_reads_where_the_output_alone_cannot() -> None:
    train, held = halves(fresh(), 1200)
    assert hit(Pointer().fit(train, rng(3))(held), held.goal).mean() > 0.6


def test_reused_values_leak_through_a_random_split_only() -> None:
    data = one_hot(Tokens(n=16, d=16, e=16, m=32, reuse=40), 2000)
    probe = member("probe", "output_neighbours")
    train, held = halves(data, 500, by="example")
    assert hit(probe.fit(train, rng(3))(held), held.goal).mean() > 0.8
    train, held = halves(data, 500, by="group")
    found = int(hit(probe.fit(train, rng(3))(held), held.goal).sum())
    assert binomtest(found, len(held), 1 / 16).pvalue > 0.01


def test_a_split_by_group_shares_no_values_and_a_random_one_is_flagged() -> None:
    group = rng().integers(40, size=1000)
    train, test = split(group, 250, rng(1))
    assert test.size == 250
    assert not np.isin(group[test], group[train]).any()
    assert not leaks(group, train, test)
    train, test = split(group, 250, rng(1), by="example")
    assert leaks(group, train, test)
    assert values_seen(group, train, test).mean() > 0.99


def test_fixed_and_fresh_values_are_split_singly_and_completely() -> None:
    for group in (np.zeros(100, dtype=np.int64), np.arange(100)):
        train, test = split(group, 30, rng(1))
        assert sorted([*train, *test]) == list(range(100))
        assert test.size == 30
        assert not leaks(group, train, test)


def test_a_split_without_a_training_group_is_refused() -> None:
    with pytest.raises(ValueError, match="group left to train on"):
        split(np.repeat([0, 1], 5), 6, rng())
    with pytest.raises(ValueError, match="held-out examples"):
        split(np.arange(5), 5, rng())


def problem() -> tuple[Array, Array, Array, np.ndarray]:
    """Outputs, tokens, goals and masks of a few examples, some positions hidden."""
    sample = Tokens(n=5, d=4, e=4, m=6, mask="causal")(20, rng(5))
    data = exact_examples(Softmax()(sample, rng()), sample, "distribution")
    assert data.tokens is not None
    return data.outputs, data.tokens, data.goal, data.mask


@pytest.mark.parametrize(
    ("objective", "size"),
    [
        (bilinear(*problem(), 0.1), 24),
        (low_rank(*problem(), 0.1, 2), 20),
        (network_loss(*problem(), 0.1, 3), 24 + 12 + 18 + 3 + 3),
    ],
    ids=["bilinear", "low rank", "network"],
)
def test_gradients(objective: object, size: int) -> None:
    assert callable(objective)
    at = rng(6).standard_normal(size) / 2
    step = 1e-6
    central = [
        (objective(at + step * axis)[0] - objective(at - step * axis)[0]) / (2 * step)
        for axis in np.eye(size)
    ]

    def loss(x: Array) -> float:
        return objective(x)[0]

    # central differences err by step^2 and by rounding / step, both below 1e-9 here
    np.testing.assert_allclose(objective(at)[1], central, atol=1e-8)
    np.testing.assert_allclose(np.asarray(approx_fprime(at, loss, 1e-7)), objective(at)[1], atol=1e-5)


def test_network_parameters_survive_flattening() -> None:
    flat = rng().standard_normal(4 * 6 + 4 * 3 + 6 * 3 + 3 + 3)
    np.testing.assert_array_equal(PointerNetwork.unflat(flat, 4, 6, 3).flat, flat)


def test_ridge_path_agrees_with_the_normal_equations() -> None:
    x, y = rng(1).standard_normal((60, 5)) + 1, rng(2).standard_normal((60, 3)) - 2
    other_x, other_y = rng(3).standard_normal((40, 5)), rng(4).standard_normal((40, 3))
    path, penalties = RidgePath.of(x, y), np.array([0.01, 1.0, 100.0])
    xc, yc = x - x.mean(axis=0), y - y.mean(axis=0)
    for penalty, loss in zip(penalties, path.losses(other_x, other_y, penalties), strict=True):
        direct = np.linalg.solve(xc.T @ xc / 60 + penalty * np.eye(5), xc.T @ yc / 60)
        np.testing.assert_allclose(path.coefficients(penalty), direct, atol=1e-12)
        predicted = (other_x - x.mean(axis=0)) @ direct + y.mean(axis=0)
        np.testing.assert_allclose(path.predict(other_x, penalty), predicted, atol=1e-12)
        assert loss == pytest.approx(((other_y - predicted) ** 2).sum() / 40, rel=1e-12)


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("weight", [0, 1, 0, 0]),
        ("contribution", [1, 0, 0, 0]),
        ("support", [0.5, 0.5, 0, 0]),
        ("distribution", [0.3, 0.5, 0.2, 0]),
    ],
)
def test_targets(target: Target, expected: list[float]) -> None:
    values, mask = np.array([[[10.0], [1], [1], [1]]]), np.array([[True, True, True, False]])
    sample = dataclasses.replace(Gaussian(n=4, d=1, e=1)(1, rng()), values=values, mask=mask)
    # three visible positions: the even share is 1/3
    weights = np.array([[0.3, 0.5, 0.2, 0.0]]) if target != "support" else np.array([[0.4, 0.4, 0.2, 0.0]])
    np.testing.assert_allclose(exact_examples(weights, sample, target).goal, [expected])


def test_ties_are_shared_and_chance_knows_it() -> None:
    sample = Gaussian(n=4, d=2, e=1)(1, rng())
    data = exact_examples(np.array([[0.5, 0.5, 0.0, 0.0]]), sample)
    np.testing.assert_array_equal(data.goal, [[0.5, 0.5, 0, 0]])
    assert controls.chance(data) == 0.5
    assert hit(np.array([[0.1, 0.6, 0.2, 0.1]]), data.goal).all()


def test_drawn_labels_follow_the_goal() -> None:
    sample = Gaussian(n=3, d=2, e=1)(20_000, rng())
    goal = np.tile([0.2, 0.0, 0.8], (20_000, 1))
    drawn = labelled(exact_examples(goal, sample, "distribution"), rng(1))
    assert drawn.goal[:, 1].sum() == 0
    assert binomtest(int(drawn.goal[:, 0].sum()), 20_000, 0.2).pvalue > 0.01


def test_the_control_task_is_a_function_of_group_and_position() -> None:
    data = one_hot(Tokens(n=8, d=8, e=8, m=8, reuse=5), 600)
    names = controls.renamed(data, rng(1)).target
    seen: dict[tuple[int, int], int] = {}
    for group, position, name in zip(data.group, data.target, names, strict=True):
        assert seen.setdefault((int(group), int(position)), int(name)) == name
    # 40 renamed positions: that more than 15 keep their name has probability 4e-5 at most (Binomial(40, 1/8))
    assert sum(position == name for (_, position), name in seen.items()) <= 15


def test_shuffling_keeps_the_labels_and_what_is_visible() -> None:
    sample = Tokens(n=6, d=4, e=4, m=4, mask="causal")(300, rng())
    data = exact_examples(Softmax()(sample, rng()), sample)
    mixed = controls.shuffled(data, rng(1))  # Examples refuses a goal at a masked position
    np.testing.assert_array_equal(np.sort(mixed.target), np.sort(data.target))
    assert (mixed.target != data.target).mean() > 0.3


def test_tokens_alone_tell_where_the_query_never_changes_and_the_blindfold_shows_it() -> None:
    # One query for all: the weights are a function of each token, so a reader needs no output.
    sample = Tokens(n=8, d=4, e=4, m=6)(700, rng())
    constant = dataclasses.replace(sample, queries=np.tile(3 * sample.queries[:1], (700, 1)))
    for chosen, low, high in ((constant, 0.8, 1.0), (sample, 0.0, 0.4)):
        train, held = halves(exact_examples(Softmax()(chosen, rng()), chosen), 300)
        reader = Pointer().fit(controls.blindfolded(train), rng(3))
        assert low <= hit(reader(controls.blindfolded(held)), held.goal).mean() <= high


def test_frequencies_know_the_majority_class() -> None:
    sample = Gaussian(n=3, d=2, e=1)(10, rng())
    goal = np.eye(3)[[0, 0, 0, 0, 0, 0, 0, 1, 1, 2]]
    data = exact_examples(goal, sample)
    read = controls.frequency(data)(data)
    # ten examples and one example's worth of the uniform distribution
    np.testing.assert_allclose(read, np.tile((np.array([7, 2, 1]) + 1 / 3) / 11, (10, 1)))


def test_hedging_leaves_the_uniform_reader_uniform_and_the_sure_one_in_doubt() -> None:
    mask = np.array([[True, True, True], [True, False, False]])
    for seen in (1, 7, 1000):
        for flat in (np.full((2, 3), 0.3), np.zeros((2, 3))):  # 4 units in the last place for the division
            np.testing.assert_allclose(
                hedged(flat, mask, seen), mask / mask.sum(1, keepdims=True), rtol=1e-15
            )
    np.testing.assert_allclose(hedged(np.eye(3)[:2], mask, 2)[0], [7 / 9, 1 / 9, 1 / 9])


def test_the_declared_reads_are_known() -> None:
    for name in PROBES:
        probe = member("probe", name)
        assert isinstance(probe, Probe)
        assert probe.reads in ("the output", "the output and the tokens")
