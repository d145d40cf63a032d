"""Several heads as one attention problem: against each head alone, a system written out, exact laws."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import pytest
from members import member, members
from scipy.optimize import linprog
from small_tables import table_of

from attnlab.channels.exact import Exact
from attnlab.decoders.simplex import Simplex
from attnlab.experiments import heads as study
from attnlab.experiments import recovery
from attnlab.identifiability import fibre_intervals, is_unique, nullity, top_certified, unique_probability
from attnlab.identifiability.contributions import contributions
from attnlab.inputs.base import Inputs
from attnlab.inputs.gaussian import Gaussian
from attnlab.intervals import interval
from attnlab.joined import Joined
from attnlab.mixings.concatenated import Concatenated
from attnlab.mixings.narrow import Narrow
from attnlab.mixings.square import Square
from attnlab.mixings.summed import Summed
from attnlab.parts import Declined
from attnlab.seeds import Streams
from attnlab.shapes import Array, Mask, Sample
from attnlab.theory.summed import summed_probability
from attnlab.weights.base import Weights
from attnlab.weights.hard import Hard
from attnlab.weights.softmax import Softmax
from attnlab.weights.sparsemax import Sparsemax


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def layer(
    mixing: object, weights: Weights, trials: int = 30, h: int = 2, n: int = 9, d: int = 4, seed: int = 0
) -> tuple[Joined, Array]:
    """Gaussian heads and their weights (B, h, n)."""
    draw = rng(seed)
    samples = Gaussian(n=n, d=d, e=3).multihead(h, trials, draw)
    a = np.stack([weights(sample, draw) for sample in samples], axis=1)
    return Joined(samples, mixing.mixture(h, d, trials, draw)), a  # type: ignore[attr-defined]


def q2(joined: Joined, a: Array) -> Mask:
    return is_unique(joined.together(a), joined.problem.values, joined.problem.mask).unique


@pytest.mark.parametrize("name", members("mixing"))
def test_no_head_stands_in_another_s_way_more_than_it_must(name: str) -> None:
    mixing, h, d = member("mixing", name), 4, 5
    found = mixing.mixture(h, d, 3, rng(1))
    np.testing.assert_array_equal(found, mixing.mixture(h, d, 3, rng(1)))
    blocks = found.reshape(3, found.shape[1], h, d)
    for s in range(1, h + 1):
        for some in combinations(range(h), s):
            columns = blocks[:, :, list(some)].reshape(3, found.shape[1], s * d)
            assert (np.linalg.matrix_rank(columns) == min(found.shape[1], s * d)).all()


def test_a_w_o_that_is_not_narrower_is_declined() -> None:
    with pytest.raises(Declined, match="not narrower than 2 heads of 4"):
        Narrow(width=8).mixture(2, 4, 3, rng())


@pytest.mark.parametrize("name", members("inputs"))
def test_the_heads_of_a_layer_share_their_positions_and_what_stands_there(name: str) -> None:
    inputs = member("inputs", name, n=7, d=4, e=4)
    (alone,), one = inputs.multihead(1, 6, rng(2)), inputs(6, rng(2))
    for field in ("queries", "keys", "values", "mask", "group", "draw"):
        np.testing.assert_array_equal(getattr(alone, field), getattr(one, field))
    drawn = inputs.multihead(2, 6, rng(2))
    for field in ("mask", "draw", "tokens"):
        np.testing.assert_array_equal(getattr(drawn[0], field), getattr(drawn[1], field))
    assert not np.array_equal(drawn[0].values, drawn[1].values)
    assert not np.array_equal(drawn[0].keys, drawn[1].keys)


def test_a_word_that_is_repeated_is_so_in_every_head() -> None:
    def equal(sample: Sample) -> Mask:
        return np.asarray((sample.values[:, :, None] == sample.values[:, None]).all(axis=3))

    first, second = member("inputs", "duplicated", n=8, d=3).multihead(2, 5, rng())
    np.testing.assert_array_equal(equal(first), equal(second))
    first, second = member("inputs", "clustered", n=8, d=3, spread=0.0).multihead(2, 5, rng())
    np.testing.assert_array_equal(equal(first), equal(second))
    first, second = member("inputs", "tokens", n=8, d=3, mask="causal").multihead(2, 5, rng())
    assert not first.mask.all()


class Worded(Gaussian):
    """Inputs of somebody's own that have tokens and say nothing of layers."""

    def __call__(self, trials: int, rng: np.random.Generator) -> Sample:
        drawn = super().__call__(trials, rng)
        return Sample(drawn.queries, drawn.keys, drawn.values, tokens=drawn.values)


def test_inputs_that_do_not_say_what_heads_share_are_declined() -> None:
    inputs: Inputs = Worded(n=4, d=3, e=2)
    assert len(inputs.multihead(1, 5, rng())) == 1
    with pytest.raises(Declined, match="do not say what theirs share"):
        inputs.multihead(2, 5, rng())


def test_heads_of_a_file_are_those_of_one_layer() -> None:
    inputs = member("inputs", "arrays", n=7, d=4, e=4)
    with pytest.raises(Declined, match="3 heads of a layer that has 2"):
        inputs.multihead(3, 5, rng())
    first, second = inputs.multihead(2, 12, rng())
    assert (first.group != second.group).all() and (first.group // 2 == second.group // 2).all()
    with pytest.raises(Declined, match="head 1 is one head"):
        member("inputs", "arrays", n=7, d=3, e=4, head=1).multihead(2, 5, rng())


@pytest.mark.parametrize("mixing", [Concatenated(), Square(), Summed(), Narrow(width=5)])
def test_the_problem_is_the_layer(mixing: object) -> None:
    joined, a = layer(mixing, Softmax())
    problem, b = joined.problem, joined.together(a)
    np.testing.assert_allclose(b.sum(axis=1), 1, rtol=1e-12)
    np.testing.assert_allclose(Softmax()(problem, rng()), b, atol=1e-14)
    sent = joined.contributions(a).sum(axis=1)
    np.testing.assert_allclose(np.matmul(b[:, None], problem.values)[:, 0], joined.arrived(sent), atol=1e-12)
    np.testing.assert_allclose(joined.apart(b), a, atol=1e-14)
    each = np.concatenate([np.matmul(a[:, j, None], joined.heads[j].values)[:, 0] for j in (0, 1)], axis=1)
    np.testing.assert_allclose(sent, np.matmul(joined.mixture, each[..., None])[..., 0], atol=1e-12)


def test_one_head_is_the_head() -> None:
    joined, a = layer(Concatenated(), Softmax(), h=1)
    for field in ("values", "keys", "mask", "group"):
        np.testing.assert_array_equal(getattr(joined.problem, field), getattr(joined.heads[0], field))
    np.testing.assert_array_equal(joined.together(a), a[:, 0])
    args = (Gaussian(n=12, d=4, e=3), Softmax(temperature=0.3))
    alone = recovery.trial(*args, Exact(), Simplex(), 40, Streams(5))
    among = study.trial(*args, Concatenated(), Exact(), Simplex(), 1, 40, Streams(5))
    for metric in ("top1", "chance", "few_visible", "converged"):
        np.testing.assert_array_equal(among[metric], alone[metric].astype(float))
    np.testing.assert_allclose(among["total_variation"], alone["total_variation"], atol=1e-12)


@pytest.mark.parametrize("weights", [Hard(), Sparsemax(temperature=0.3), Softmax(temperature=0.1)])
def test_a_square_w_o_determines_what_the_outputs_side_by_side_do(weights: Weights) -> None:
    beside, a = layer(Concatenated(), weights, h=3, n=10)
    mixture = rng(3).standard_normal((30, 12, 12))
    square = Joined(beside.heads, mixture)
    np.testing.assert_array_equal(q2(beside, a), q2(square, a))
    for one, other in ((study._top_certain, 0), (study._top_width, 1e-7)):
        np.testing.assert_allclose(one(a, beside), one(a, square), atol=other)
    ranks = [nullity(joined.problem.values).affine_null for joined in (beside, square)]
    np.testing.assert_array_equal(ranks[0], ranks[1])
    for joined in (beside, square):
        found = contributions(a, joined)
        assert found.blind.all() and found.kept.all() and not found.lost.any()


@pytest.mark.parametrize("weights", [Hard(), Softmax(temperature=0.1)])
def test_side_by_side_all_heads_are_determined_where_each_is(weights: Weights) -> None:
    joined, a = layer(Concatenated(), weights, trials=60, n=12, d=3)
    alone = [is_unique(a[:, j], joined.heads[j].values).unique for j in (0, 1)]
    np.testing.assert_array_equal(q2(joined, a), alone[0] & alone[1])
    top = np.stack([top_certified(a[:, j], joined.heads[j].values).certified for j in (0, 1)], axis=1)
    np.testing.assert_array_equal(study._top_certain(a, joined), top)
    assert 0 < top.mean() < 1
    widths = [fibre_intervals(a[:, j], joined.heads[j].values, positions="top")[:, 0] for j in (0, 1)]
    own = np.stack([width[:, 1] - width[:, 0] for width in widths], axis=1)
    np.testing.assert_allclose(study._top_width(a, joined), own, atol=1e-7)


def explicit(joined: Joined, trial: int) -> Array:
    """The equations on the h n weights, r + h of them, written out: what arrives, and the sum of each head."""
    h, n = len(joined.heads), joined.heads[0].n
    d = joined.heads[0].d
    blocks = [
        joined.mixture[trial][:, j * d : (j + 1) * d] @ head.values[trial].T
        for j, head in enumerate(joined.heads)
    ]
    sums = np.kron(np.eye(h), np.ones(n))
    return np.concatenate([np.concatenate(blocks, axis=1), sums])


def largest(objective: Array, matrix: Array, right: Array) -> float:
    """The largest value of a linear form over nonnegative solutions."""
    found = linprog(-objective, A_eq=matrix, b_eq=right, bounds=(0, None), method="highs")
    assert found.status == 0 and found.fun is not None
    return -float(found.fun)


@pytest.mark.parametrize("mixing", [Summed(), Narrow(width=6), Concatenated()])
@pytest.mark.parametrize("weights", [Hard(), Sparsemax(temperature=0.3), Softmax(temperature=0.2)])
def test_verdicts_are_those_of_the_system_written_out(mixing: object, weights: Weights) -> None:
    joined, a = layer(mixing, weights, trials=12, n=6, seed=4)
    unique, certain = q2(joined, a), study._top_certain(a, joined)
    width, null = study._top_width(a, joined), nullity(joined.problem.values).affine_null
    for trial in range(12):
        matrix, flat = explicit(joined, trial), a[trial].ravel()
        assert null[trial] == len(flat) - np.linalg.matrix_rank(matrix)
        off = (flat == 0).astype(float)
        support = matrix[:, flat > 0]
        alone = np.linalg.matrix_rank(support) == support.shape[1]
        assert unique[trial] == (alone and largest(off, matrix, matrix @ flat) < 1e-8)
        for head in range(2):
            top = 6 * head + int(a[trial, head].argmax())
            others = [6 * head + i for i in range(6) if 6 * head + i != top]
            lead = max(
                largest(np.eye(12)[other] - np.eye(12)[top], matrix, matrix @ flat) for other in others
            )
            assert certain[trial, head] == (lead < -1e-9)
            ends = [largest(sign * np.eye(12)[top], matrix, matrix @ flat) for sign in (1, -1)]
            assert abs(width[trial, head] - (ends[0] + ends[1])) < 1e-7


@pytest.mark.parametrize(("h", "n", "m"), [(3, 2, 2), (6, 2, 4), (9, 2, 3)])
def test_choices_between_two_words_follow_wendel(h: int, n: int, m: int) -> None:
    from math import comb

    wendel = sum(comb(h - 1, l) for l in range(m)) / 2 ** (h - 1)  # noqa: E741
    assert summed_probability(n, m, [1] * h) == pytest.approx(wendel, abs=1e-12)


@pytest.mark.parametrize(
    ("n", "m", "k"), [(5, 2, 1), (64, 16, 4), (64, 16, 8), (20, 19, 3), (12, 4, 5), (9, 3, 9)]
)
def test_one_head_follows_affentranger_and_schneider(n: int, m: int, k: int) -> None:
    assert summed_probability(n, m, [k]) == pytest.approx(unique_probability(n, m, k), abs=1e-10)


@pytest.mark.parametrize(
    ("n", "m", "supports"),
    [(4, 3, (1, 1)), (8, 4, (1, 3)), (6, 8, (2, 2, 2)), (5, 6, (5, 1, 1)), (3, 4, (3, 3))],
)
def test_summed_heads_survive_as_often_as_the_exact_law_says(n: int, m: int, supports: Sequence[int]) -> None:
    trials, h = 4000, len(supports)
    samples = [Sample.of(rng(j).standard_normal((trials, n, m))) for j in range(h)]
    joined = Joined(samples, Summed().mixture(h, m, trials, rng()))
    a = np.stack([np.tile((np.arange(n) < k) / k, (trials, 1)) for k in supports], axis=1)
    law = summed_probability(n, m, supports)
    assert abs(q2(joined, a).mean() - law) < 4 * np.sqrt(law * (1 - law) / trials) + 1e-12
    np.testing.assert_array_equal(
        study._law(a[:3], Joined([one[np.arange(3)] for one in samples], joined.mixture[:3])), law
    )


def test_the_law_of_the_sum_refuses_what_is_no_support() -> None:
    for wrong in ([], [0], [5], [1.5]):
        with pytest.raises(ValueError, match="support"):
            summed_probability(4, 2, wrong)  # type: ignore[arg-type]


def test_the_law_says_nothing_where_neither_theorem_applies() -> None:
    joined, a = layer(Narrow(width=5), Hard())
    assert np.isnan(study._law(a, joined)).all()
    joined, a = layer(Square(), Hard())
    assert study._law(a, joined)[0] == pytest.approx(unique_probability(9, 4, 1) ** 2, abs=1e-10)


@pytest.mark.parametrize("n", [3, 4, 9])
@pytest.mark.parametrize("mixing", [Summed(), Narrow(width=6), Square()])
def test_contributions_are_determined_where_their_spaces_have_room(mixing: object, n: int) -> None:
    """Of generic heads with weight everywhere: with the values iff h min(n - 1, d) <= r, without iff h d <= r."""
    joined, a = layer(mixing, Softmax(), n=n)
    found, r = contributions(a, joined), joined.mixture.shape[1]
    assert (found.kept == (2 * min(n - 1, 4) <= r)).all() and (found.lost == ~found.kept).all()
    assert (found.blind == (r >= 2 * 4)).all()


def test_contributions_of_hard_attention_are_a_bracket_around_the_programme() -> None:
    """The largest move of a contribution in a random direction is 0 iff there is one contribution alone."""
    joined, a = layer(Summed(), Hard(), trials=40, n=12, d=3, seed=7)
    found = contributions(a, joined)
    assert not (found.kept & found.lost).any() and found.kept.any() and found.lost.any()
    for trial in range(40):
        matrix, flat = explicit(joined, trial), a[trial].ravel()
        form = np.concatenate([joined.values[trial, 0] @ rng(trial).standard_normal(3), np.zeros(12)])
        moved = sum(largest(sign * form, matrix, matrix @ flat) for sign in (1, -1))
        assert not found.kept[trial] or moved < 1e-7
        assert not found.lost[trial] or moved > 1e-7


@pytest.mark.parametrize("scale", [1e-150, 1e150])
def test_verdicts_do_not_hang_on_the_units_of_the_values(scale: float) -> None:
    joined, a = layer(Summed(), Hard(), n=14)
    other = Joined(
        [Sample(one.queries, one.keys, scale * one.values) for one in joined.heads], joined.mixture
    )
    np.testing.assert_array_equal(q2(joined, a), q2(other, a))
    one, two = contributions(a, joined), contributions(a, other)
    np.testing.assert_array_equal(one.kept, two.kept)
    np.testing.assert_array_equal(one.lost, two.lost)
    np.testing.assert_array_equal(one.blind, two.blind)


def test_a_decoder_of_one_position_is_declined_for_several_heads() -> None:
    args = (Gaussian(n=5, d=3, e=2), Hard(), Summed(), Exact(), member("decoder", "nearest_value"))
    assert study.trial(*args, 1, 5, Streams(0))["top1"].all()
    with pytest.raises(Declined, match="one position"):
        study.trial(*args, 2, 5, Streams(0))


def test_heads_that_do_not_fit_are_refused() -> None:
    one, two = Sample.of(np.zeros((2, 3, 2))), Sample.of(np.zeros((2, 4, 2)))
    with pytest.raises(ValueError, match="values"):
        Joined([one, two], np.ones((2, 2, 4)))
    with pytest.raises(ValueError, match=r"a mixture \(2, r, 4\)"):
        Joined([one, one], np.ones((2, 2, 5)))
    hidden = Sample.of(np.zeros((2, 3, 2)), mask=np.array([True, True, False]))
    with pytest.raises(ValueError, match="one mask"):
        Joined([one, hidden], np.ones((2, 2, 4)))


def test_certain_answers_hold_in_every_trial_of_a_masked_layer() -> None:
    """Under a causal mask heads see fewer positions; what is masked has no part in any verdict."""
    inputs = member("inputs", "tokens", n=8, d=3, e=3, m=12, mask="causal")
    samples = inputs.multihead(2, 60, rng(1))
    a = np.stack([Softmax(temperature=0.2)(one, rng()) for one in samples], axis=1)
    joined = Joined(samples, Summed().mixture(2, 3, 60, rng()))
    assert (a[:, :, :][~np.stack([one.mask for one in samples], axis=1)] == 0).all()
    few = 2 * (samples[0].mask.sum(axis=1) - 1) <= 3
    np.testing.assert_array_equal(q2(joined, a), few)
    other = [
        Sample(one.queries, one.keys, np.where(one.mask[..., None], one.values, 7.0), mask=one.mask)
        for one in samples
    ]
    np.testing.assert_allclose(
        study._top_width(a, joined), study._top_width(a, Joined(other, joined.mixture)), atol=1e-9
    )


def test_sentences_name_the_number_of_heads() -> None:
    """Where it is given, and where one is left of several that were asked for."""
    for heads in ("heads=3", "heads=1,3"):
        table = table_of(
            "experiment=heads",
            heads,
            "inputs.n=6",
            "inputs.d=3",
            "weights=hard",
            "mixing=summed",
            "decoder=simplex",
        )
        told = study.verdict(table).sentences
        mixed = [sentence for sentence in told if "for outputs summed" in sentence]
        assert mixed
        for sentence in mixed:
            assert ", 3 heads" in sentence or "(3 heads" in sentence, sentence


def test_no_number_of_a_layer_is_beyond_what_it_can_be() -> None:
    law = study.MEASURES["exact"]
    some = interval(np.array([0.0] * 38 + [0.4, 0.36]), law)
    assert 0 <= some.low < some.high <= 1
    distance = study.MEASURES["total_variation"]
    drawn = rng().uniform(0, 0.3, 12)
    assert interval(drawn, distance).low >= 0 and interval(1 - drawn, distance).high <= 1
    assert interval(8 * drawn**8, distance.given({"decoder:signed": True})).low >= 0
