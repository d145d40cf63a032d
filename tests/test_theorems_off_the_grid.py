"""No theorem is spoken of where a channel, a scale or a rank takes away what it rests on.

Settings no grid has: a stream that tells the last position from the others, values that rounding leaves no
density, values of fewer dimensions than they are written in, values between dependent and not.
"""

from __future__ import annotations

import dataclasses
import re
from typing import Any

import numpy as np
import pytest
import yaml
from members import CONF, heads_file, member, members
from small_tables import table_of

from attnlab.attention import output
from attnlab.identifiability import is_unique, nullity
from attnlab.identifiability.both import only_ones
from attnlab.parts import Declined
from attnlab.probes.output_neighbours import OutputNeighbours
from attnlab.seeds import Streams
from attnlab.shapes import Array, Examples, Sample
from attnlab.verdicts import everywhere, not_everywhere, pooled
from attnlab.verdicts.facts import by_symmetry
from attnlab.weights.base import Weights
from experiments import alignment, heads, probing, spare

HARD = ("experiment=probing", "probe=output_neighbours", "split_by=group", "inputs=gaussian", "weights=hard")
SMALL = ("inputs.n=4", "inputs.d=2", "samples=40")
FEW = ("trials=12", "repeats=1")
NO_DENSITY = {"anisotropic": "inputs.offset=1e20", "sink": "inputs.spread=30"}
"""Values that are declared to have a density, and have none in floats: all equal, and all zero."""
NEAR = ("near=0.4,0.2,0.1", "starts=8", "rounded=0", "trials=150", "repeats=1")


def drawn() -> Sample:
    return member("inputs", "gaussian", n=5, d=4, e=2)(6, np.random.default_rng(0))


@pytest.mark.parametrize("weight", [0.0, 1.0])
@pytest.mark.parametrize("name", members("channel"))
def test_a_channel_says_whether_a_position_has_a_place_in_it(name: str, weight: float) -> None:
    """Who says no hands on the same whatever the order of the positions; a stream with a weight does not."""
    channel = member("channel", name)
    if hasattr(channel, "weight"):
        channel = dataclasses.replace(channel, weight=weight)
    sample = drawn()
    sent = output(np.full((6, 5), 0.2), sample.values)
    moved = dataclasses.replace(sample, values=sample.values[:, ::-1], keys=sample.keys[:, ::-1])
    here, there = (channel.carry(sent, one, np.random.default_rng(1)) for one in (sample, moved))
    assert np.array_equal(here, there) != channel.placed


@pytest.mark.parametrize("channel", members("channel"))
def test_what_arrives_is_chance_by_symmetry_where_no_position_has_a_place(channel: str) -> None:
    table = table_of(*HARD, *SMALL, f"channel={channel}", few=FEW)
    told = " ".join(probing.verdict(table).sentences)
    assert ("by symmetry" in told) == (not member("channel", channel).placed), told


def test_a_stream_can_be_read_by_who_sees_what_arrives_alone() -> None:
    """The theorem would be false there: with two positions o + v_2 is longer where the second one is attended."""
    rng = np.random.default_rng(0)
    sample = member("inputs", "gaussian", n=2, d=8, e=2)(2000, rng)
    a = member("weights", "hard")(sample, rng)
    arrived = member("channel", "residual")(a, sample, rng)
    long = np.linalg.norm(arrived, axis=1)
    assert ((long > np.median(long)) == (a[:, 1] > 0)).mean() > 0.6
    rows = table_of(*HARD, *SMALL, "channel=residual", few=FEW)
    assert by_symmetry(rows.drop(columns="channel:placed")) and not by_symmetry(rows)


@pytest.mark.parametrize("inputs", NO_DENSITY)
def test_a_density_that_rounding_takes_away_is_not_leaned_on(inputs: str) -> None:
    """Q3 is lost there, whatever d - e is; and no count of equations holds."""
    values = (f"inputs={inputs}", NO_DENSITY[inputs], "inputs.d=4", "inputs.e=2")
    table = table_of("experiment=spare", *values, "inputs.n=8", *NEAR, few=())
    verdict = spare.verdict(table)
    told = " ".join(verdict.sentences)
    assert "by theorem" not in told and "as its power" not in told, told
    assert not any(answer.theorem for answer in verdict.answers)
    laid = ("weights=hard", "decoder=simplex", "mixing=concatenated", "heads=2", "inputs.n=3,8")
    told = " ".join(heads.verdict(table_of("experiment=heads", *values, *laid, few=FEW)).sentences)
    assert "less general than declared" in told or "exactly where" not in told, told


def test_near_misses_are_told_to_fall_as_a_power_where_the_values_have_a_density() -> None:
    """Of values of rank 2 they fall as the power 2 - e, not d - e; of two settings each has its own number."""
    sized = ("experiment=spare", "inputs.d=3", "inputs.e=1", *NEAR)
    low = table_of(*sized, "inputs=low_rank", "inputs.rank=2", "inputs.n=8", few=())
    assert not any("as its power" in told for told in spare.verdict(low).sentences)
    (told,) = (
        told
        for told in spare.verdict(table_of(*sized, "inputs=gaussian", "inputs.n=6,8", few=())).sentences
        if "as its power" in told
    )
    assert "e = 1, n = 6)" in told and "e = 1, n = 8)" in told and "(6 cells)" in told, told


@pytest.mark.parametrize("size", [1e-9, 1e-12, 1e-13, 1e-14, 1e-15, 0.0])
def test_a_yes_to_q1_is_a_yes_to_q2_however_near_to_dependent_the_values_are(size: float) -> None:
    """Also where each alone would draw its line elsewhere, which it does here."""
    rng = np.random.default_rng(0)
    values = rng.standard_normal((200, 4, 2)) @ rng.standard_normal((200, 2, 6))
    values += size * rng.standard_normal(values.shape)
    for weights in (rng.dirichlet(np.ones(4), 200), np.eye(4)[rng.integers(4, size=200)]):
        linear, simplex = only_ones(weights, values)
        assert not (linear & ~simplex).any()
        assert not (linear & is_unique(weights, values).not_unique).any()
        if size == 1e-9:
            assert linear.all()
        if size == 0:
            assert not linear.any()
    apart = (nullity(values).affine_null == 0) & ~is_unique(np.full(4, 0.25), values).unique
    assert apart.any() == (size > 0)


def test_heads_whose_mixture_rounds_collinear_values_answer_q1_as_q2() -> None:
    """Products with W_O cancel in a coordinate, whose rounding then looks like a direction."""
    rng = np.random.default_rng(1)
    line = rng.standard_normal((2000, 3, 1)) * rng.standard_normal((2000, 1, 6))
    values = line @ rng.standard_normal((2000, 6, 6))
    weights = np.eye(3)[rng.integers(3, size=2000)]
    assert (nullity(values).affine_null == 0).any()  # what the rank alone would say
    linear, simplex = only_ones(weights, values)
    assert not (linear & ~simplex).any()


@pytest.mark.parametrize("scale", [0.0, 1e-310, 1e-150, 1.0, 1e150])
def test_a_memory_of_outputs_works_in_any_unit_and_where_all_are_zero(scale: float) -> None:
    rng = np.random.default_rng(0)
    place = rng.integers(3, size=60)
    outputs = scale * (np.eye(3)[place] + 0.01 * rng.standard_normal((60, 3)))
    mask, group = np.ones((60, 3), dtype=bool), np.arange(60)
    seen = Examples(outputs, None, np.eye(3)[place], np.eye(3)[place], mask, group)
    read = OutputNeighbours().fit(seen, rng)(seen)
    assert np.isfinite(read).all()
    assert (read.argmax(axis=1) == place).all() or scale == 0
    unread = OutputNeighbours(neighbours=60).fit(seen, rng)(seen)
    if scale == 0:  # nothing to tell examples apart by: how often each was attended
        np.testing.assert_allclose(unread.argmax(axis=1), np.bincount(place).argmax())


def test_weights_on_every_position_are_not_called_sparse_where_nothing_declares_them() -> None:
    """Those of a file declare nothing, and are on every position; those of a low temperature underflow."""
    laid = ("experiment=heads", "mixing=concatenated", "heads=2", "decoder=simplex")
    some = f"inputs.path={heads_file(n=16)}"
    for words, full in (
        (("inputs=arrays", some, "weights=softmax", "weights.temperature=1.0"), True),
        (
            ("inputs=gaussian", "inputs.n=12", "inputs.d=2", "weights=softmax", "weights.temperature=1e-4"),
            False,
        ),
    ):
        table = table_of(*laid, *words, few=FEW)
        assert ("weights:positive" in table) and (len(everywhere(table)) > 0) == full
        bare = table.drop(columns="weights:positive")
        assert len(everywhere(bare)) + len(not_everywhere(bare)) == len(bare)
        for given in (table, bare):
            told = " ".join(heads.verdict(given).sentences)
            assert ("weights on every position" in told, "may leave positions out" in told) == (
                full,
                not full,
            )


@dataclasses.dataclass(frozen=True)
class Longest(Weights):
    """All weight on the longest value: it is a corner of the hull."""

    def __call__(self, sample: Sample, rng: np.random.Generator) -> Array:
        return np.eye(sample.n)[(sample.values**2).sum(axis=2).argmax(axis=1)]


@pytest.mark.parametrize("name", members("weights"))
def test_weights_that_see_no_values_are_the_same_over_others(name: str) -> None:
    weights, sample = member("weights", name), drawn()
    other = dataclasses.replace(sample, values=sample.values[::-1] ** 3)
    try:
        here, there = (weights(one, np.random.default_rng(0)) for one in (sample, other))
    except Declined:
        assert weights.sees_values  # those of a file
        return
    assert weights.sees_values or np.array_equal(here, there)


def test_laws_for_gaussian_values_are_not_held_against_weights_that_look_at_them() -> None:
    """The longest of eight values on a plane is always a corner, a random one is in 6 of 10."""
    gaussian, mixing = member("inputs", "gaussian", n=8, d=2, e=2), member("mixing", "concatenated")
    rest = (mixing, member("channel", "exact"), member("decoder", "simplex"), 2, 20)
    blind = heads.trial(gaussian, member("weights", "hard"), *rest, rng=Streams(0))
    seeing = heads.trial(gaussian, Longest(), *rest, rng=Streams(0))
    assert np.isfinite(blind["exact"]).all() and np.isnan(seeing["exact"]).all()
    assert seeing["q2"].all() and not blind["q2"].all()
    plane = member("inputs", "gaussian", n=6, d=2, e=2)
    near = spare.trial(plane, Longest(), 0.1, 4, 0, 4, rng=Streams(0))
    found = alignment.trial(plane, Longest(), 4, rng=Streams(0))
    assert np.isnan(near["expected_misses"]).all() and np.isnan(found["expected_rivals"]).all()


def test_a_reader_who_looks_at_the_same_draws_counts_them_once() -> None:
    table = table_of(*HARD[:1], *HARD[2:], *SMALL, "probe=output_ridge,output_neighbours", few=FEW)
    top = table[table["metric"] == "chance"]
    assert len(top) == 2 and pooled(top).count == 12


def figures() -> list[tuple[str, dict[str, Any]]]:
    files = sorted((CONF / "experiment").glob("*.yaml"))
    return [
        (file.stem, figure)
        for file in files
        for figure in yaml.safe_load(file.read_text(encoding="utf-8"))["experiment"].get("figures", [])
    ]


@pytest.mark.parametrize(
    ("study", "figure"), figures(), ids=lambda one: one if isinstance(one, str) else one["name"]
)
def test_no_title_names_a_part_that_is_only_preferred(study: str, figure: dict[str, Any]) -> None:
    """Where nobody runs that part another takes its place, and the title stays: the caption says which it is."""
    told = " ".join([figure.get("title", ""), *figure.get("plain", {}).values()]).lower()
    for group, names in figure.get("prefer", {}).items():
        for name in names if isinstance(names, list) else [names]:
            if group == "mixing" or figure["x"].partition(".")[0] == group:  # heads, too, may be narrow
                continue
            if (CONF / group / f"{name}.yaml").is_file():
                first = re.split("_", name)[0]
                assert not re.search(rf"\b{first}\b", told), f"{study}: {told} (of {group}={name})"


def test_a_sink_among_values_of_uneven_size_is_not_said_to_be_among_even_ones() -> None:
    for study, figure in figures():
        if study == "importance":
            assert "even size" not in str(figure.get("labels", {}).get("sink", "")).replace("uneven", ""), (
                figure
            )
