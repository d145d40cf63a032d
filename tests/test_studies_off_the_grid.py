"""Whole studies at settings no grid has, drawn at random: their numbers against exact arithmetic, and their words.

Each is drawn as a command line would say it: odd sizes, scales, channels and weights, values that repeat or are of
low rank, with a density that rounding takes away. Trial by trial the answers are those of rational numbers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from scipy.optimize import linprog

from attnlab.experiments import asker, fibre, four_questions, heads
from attnlab.harness.cells import Cell
from attnlab.harness.command import ask
from attnlab.harness.table import Entry, as_read, tidy
from attnlab.oracles.programmes import is_unique_exactly, top_is_forced_exactly
from attnlab.parts import Declined
from attnlab.seeds import Streams
from attnlab.shapes import Array

Settings = Mapping[str, Mapping[str, tuple[float, ...]]]
TRIALS = 10
CLEAR = 1e-5
"""Weights and widths that a programme resolves."""
INPUTS: Settings = {
    "gaussian": {},
    "sphere": {},
    "anisotropic": {"decay": (0, 5), "offset": (0, 100, 1e20)},
    "clustered": {"clusters": (1, 2), "spread": (0, 1e-9, 0.1)},
    "duplicated": {"copies": (2, 20)},
    "low_rank": {"rank": (1,)},
    "positional": {"scale": (0, 1e3)},
    "sink": {"pull": (0, 50), "spread": (0, 30)},
    "tied": {"noise": (0, 0.1)},
}
WEIGHTS: Settings = {
    "softmax": {"temperature": (0.1, 1, 1e-6, 1e300)},
    "sparsemax": {"temperature": (0.3,)},
    "hard": {},
    "uniform_support": {"support": (1, 2)},
    "dirichlet": {"concentration": (0.01, 1)},
}
OWN = {
    "four_questions": ("samples=12", "values=given", "asks=weights", "probe=output_ridge"),
    "fibre": (),
    "asker": ("queries=1",),
    "heads": ("decoder=simplex", "mixing=square,concatenated", "heads=2"),
}
MODULES = {"four_questions": four_questions, "fibre": fibre, "asker": asker, "heads": heads}


def chosen(rng: np.random.Generator, group: str, parts: Settings) -> list[str]:
    """A part of a group with settings of its own, as words."""
    name = str(rng.choice(list(parts)))
    return [f"{group}={name}", *(f"{group}.{key}={rng.choice(some)}" for key, some in parts[name].items())]


def measured(study: str, seed: int) -> list[tuple[Cell, list[dict[str, Any]]]]:
    """Cells with the rows of their repeats, of a study at settings drawn from a seed."""
    rng = np.random.default_rng([seed, len(study)])
    sizes = [
        f"inputs.n={rng.choice([2, 3, 4, 6])}",
        f"inputs.d={rng.integers(1, 5)}",
        f"inputs.e={rng.integers(1, 4)}",
    ]
    words = [*chosen(rng, "inputs", INPUTS), *sizes]
    words += [] if study == "asker" else chosen(rng, "weights", WEIGHTS)
    words += (
        [f"channel={rng.choice(['exact', 'residual', 'rounding'])}"]
        if study in ("four_questions", "heads")
        else []
    )
    few = (f"trials={TRIALS}", "repeats=1", f"seed={seed}", "exec=serial")
    (plan,) = ask([f"experiment={study}", *words, *OWN[study], *few]).plans()
    found = []
    for cell in plan.cells:
        try:
            found.append((cell, cell.rows()))
        except Declined:
            continue
    return found


def drawn(cell: Cell) -> tuple[dict[str, Any], Streams]:
    """The parts of a cell, and the streams of its first repeat."""
    hints = {
        name: cell.config[name]
        for name in ("inputs", "weights", "mixing", "collision")
        if name in cell.config
    }
    return {name: cell._argument(name, Any) for name in hints}, Streams(cell.config["seed"], 0, cell.science)


def exact_rank(values: Array) -> int:
    """The affine rank of doubles as they are, plus one: that of `[V 1]`."""
    independent: list[int] = []
    for at in range(len(values)):
        support = np.isin(np.arange(len(values)), [*independent, at])
        if is_unique_exactly(np.ones(support.sum(), dtype=bool), values[support]):
            independent.append(at)
    return len(independent)


def whitened(values: Array) -> Array:
    """The same affine geometry in coordinates a programme can work with."""
    apart = values - values[0]
    size = np.abs(apart).max(axis=0)
    apart = apart / np.where(size > 0, size, 1.0)
    left, sizes, _ = np.linalg.svd(apart - apart.mean(axis=0), full_matrices=False)
    return left[:, sizes > 1e-13 * max(1e-300, sizes[0])] * np.sqrt(len(values))


def least(cost: Array, equations: Array, right: Array, **more: Any) -> float:
    """The least of a linear function of nonnegative numbers under equations."""
    found = linprog(cost, A_eq=equations, b_eq=right, method="highs", **more)
    assert found.fun is not None, found.message
    return float(found.fun)


def ends(weights: Array, values: Array) -> Array:
    """The least and the largest of every weight on the simplex with that output, (n, 2)."""
    n = len(weights)
    equations = np.vstack([whitened(values).T, np.ones(n)])
    both = [
        [sign * least(sign * row, equations, equations @ weights) for sign in (1, -1)] for row in np.eye(n)
    ]
    return np.array(both)


def largest_c(values: Array, first: int, second: int) -> float:
    """The largest weight that either of two positions can have at one output."""
    v, n = whitened(values), len(values)
    same = np.hstack([v.T, -v.T, np.zeros((v.shape[1], 1))])
    sums = np.hstack([np.kron(np.eye(2), np.ones((1, n))), np.zeros((2, 1))])
    reach = np.zeros((2, 2 * n + 1))
    reach[0, first] = reach[1, n + second] = -1.0
    reach[:, -1] = 1.0
    right = np.array([*np.zeros(len(same)), 1.0, 1.0])
    return -least(-np.eye(2 * n + 1)[-1], np.vstack([same, sums]), right, A_ub=reach, b_ub=np.zeros(2))


@pytest.mark.parametrize("seed", range(12))
def test_the_four_questions_are_answered_as_in_rational_numbers(seed: int) -> None:
    """Q1 and Q2, and from Q1 to Q3 a yes is a yes to the next; what is called the top is so in all weights."""
    for cell, (row,) in measured("four_questions", seed):
        parts, rng = drawn(cell)
        sample = parts["inputs"](TRIALS, rng("inputs"))
        a = parts["weights"](sample, rng("weights"))
        assert (row["q1"] <= row["q2"]).all()
        assert (
            not (row["q2"] & row["q3_lost"] & row["of_keys"]).any()
            and not (row["q3_kept"] & row["q3_lost"]).any()
        )
        for b, values in enumerate(sample.values):
            alone = is_unique_exactly(a[b] > 0, values)
            linear = exact_rank(values) == sample.n
            assert linear >= row["q1"][b] and alone >= row["q2"][b]  # what is within 1e-12 counts as tied
            if np.abs(values).max() < 10 and sample.n > 1 and np.diff(np.sort(a[b]))[-1] > CLEAR:
                assert top_is_forced_exactly(a[b], values) >= row["q2_top"][b]


@pytest.mark.parametrize("seed", range(8))
def test_the_fibre_is_that_of_other_programmes(seed: int) -> None:
    for cell, (row,) in measured("fibre", seed):
        parts, rng = drawn(cell)
        sample = parts["inputs"](TRIALS, rng("inputs"))
        a = parts["weights"](sample, rng("weights"))
        for b, values in enumerate(sample.values):
            found = ends(a[b], values)
            width = found[:, 1] - found[:, 0]
            assert row["width"][b] == pytest.approx(width.mean(), abs=CLEAR)
            assert row["top_width"][b] == pytest.approx(width[a[b].argmax()], abs=CLEAR)
            assert not row["unique"][b] or width.max() < CLEAR


@pytest.mark.parametrize("seed", range(8))
def test_the_two_words_have_the_weight_that_another_programme_finds(seed: int) -> None:
    for cell, (row,) in measured("asker", seed):
        parts, rng = drawn(cell)
        sample = parts["inputs"](TRIALS, rng("inputs"))
        first, second = asker.positions(
            cell.config["collision"]["pairs"], sample.mask / sample.n, sample, rng("collision")
        )
        for b in np.flatnonzero(row["solved"]):
            if len(whitened(sample.values[b]).T) == exact_rank(sample.values[b]) - 1:  # else rounding decides
                assert row["largest_c"][b] == pytest.approx(
                    largest_c(sample.values[b], first[b], second[b]), abs=CLEAR
                )


@pytest.mark.parametrize("seed", range(6))
def test_heads_are_alone_where_their_joined_fibre_is_a_point(seed: int) -> None:
    for cell, (row,) in measured("heads", seed):
        parts, rng = drawn(cell)
        samples, draws = parts["inputs"].multihead(2, TRIALS, rng("inputs")), rng("weights")
        a = np.stack([parts["weights"](one, draws) for one in samples], axis=1)
        mixture = parts["mixing"].mixture(2, samples[0].d, TRIALS, rng("mixing"))
        d, n = samples[0].d, samples[0].n
        assert (row["q1"] <= row["q2"]).all()
        for b in range(TRIALS):
            sent = [one.values[b] @ mixture[b][:, j * d : (j + 1) * d].T for j, one in enumerate(samples)]
            of_head = np.repeat([[0.0], [1.0]], n, axis=0) * max(1e-300, np.abs(sent).max())
            width = np.diff(ends(a[b].ravel() / 2, np.hstack([np.concatenate(sent), of_head])))
            assert not row["q2"][b] or width.max() < CLEAR
            assert row["q2"][b] or width.max() > 1e-12 or a[b][a[b] > 0].min() < CLEAR


ODD = re.compile(r"\bnan\b|\binf\b|\bNone\b(?! of)|\{|\}|\(\)| ,")


@pytest.mark.parametrize("study", MODULES)
@pytest.mark.parametrize("seed", (0, 1, 2))
def test_what_is_said_is_printed_whole_and_no_theorem_is_refuted(study: str, seed: int) -> None:
    found = measured(study, seed)
    records = [
        {"status": "done", "facts": one.facts(), "metrics": one.summaries(rows)} for one, rows in found
    ]
    entries = [
        Entry(one.key, one.settings(), record) for (one, _), record in zip(found, records, strict=True)
    ]
    if not entries:
        return
    table = as_read(tidy(study, entries))
    ends_known = table[table["low"].notna()]
    assert (ends_known["low"] <= ends_known["value"] + 1e-12).all()
    assert (ends_known["value"] <= ends_known["high"] + 1e-12).all()
    bits = table[(table["metric"] == "entropy_bits") & table["value"].notna()]
    assert (bits["value"] <= np.log2(bits["inputs.n"].astype(float)) + 1e-9).all()
    verdict = MODULES[study].verdict(table)
    for told in verdict.sentences:
        assert not ODD.search(told), told
        shares = re.findall(r"([\d.]+) %", told)
        if "always, by theorem" in told and "exist in every" not in told:
            assert shares[0] in ("100.0", "0.0"), told
        if "never, by theorem" in told:
            assert shares[0] == "0.0", told
        if "gaussian" not in str(table["inputs"].iloc[0]) and "sink" not in str(table["inputs"].iloc[0]):
            assert "Gaussian" not in told, told
