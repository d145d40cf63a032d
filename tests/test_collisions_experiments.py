"""The three experiments on collisions: trials, verdicts on whole and on torn tables, the command line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from attnlab.collisions.extreme import Extreme
from attnlab.collisions.radon import Radon
from attnlab.collisions.reachable import Reachable
from attnlab.experiments import alignment, asker, collision
from attnlab.harness.table import read_csv
from attnlab.inputs.duplicated import Duplicated
from attnlab.inputs.gaussian import Gaussian
from attnlab.inputs.tied import Tied
from attnlab.seeds import Streams
from attnlab.weights.softmax import Softmax

SMALL = {
    "collision": ("inputs.d=3", "inputs.n=4,12", "collision=glob(*)"),
    "asker": ("inputs=gaussian,duplicated", "inputs.d=3", "inputs.n=5,20", "collision.pairs=random,closest"),
    "alignment": ("inputs.d=3", "inputs.n=16", "inputs.noise=0.0,1.0"),
}


def test_collision_rows() -> None:
    row = collision.trial(Gaussian(n=20, d=4, e=4), Softmax(), Radon(), 30, Streams(0))
    assert all(np.shape(values) == (30,) for values in row.values())
    np.testing.assert_allclose(row["total_variation"], 1, atol=1e-12)
    assert row["found"].all() and row["argmax_flip"].all() and row["disjoint"].all()
    assert not row["softmax"].any() and row["gap"].max() < 1e-12


def test_a_trial_without_a_collision_has_no_distance_and_no_flip() -> None:
    row = collision.trial(Gaussian(n=20, d=16, e=4), Softmax(), Extreme(), 60, Streams(0))
    lost = ~row["found"].astype(bool)
    assert lost.any()
    for metric in ("total_variation", "jsd_bits", "support", "gap"):
        assert np.isnan(row[metric][lost]).all()
    assert not row["argmax_flip"][lost].any() and not row["disjoint"][lost].any()


def test_asker_states_the_exact_law_only_where_it_holds() -> None:
    law = asker.trial(Gaussian(n=16, d=4, e=4), Extreme(), 400, Streams(0))
    assert law["exact"][0] == pytest.approx(1 - 0.341, abs=5e-4)
    assert abs(law["possible"].mean() - law["exact"][0]) < 4 * np.sqrt(0.25 / 400)
    np.testing.assert_array_equal(law["possible"], law["largest_c"] > 0.5 + 1e-9)
    for inputs, pairs in ((Duplicated(n=16, d=4, e=4), "random"), (Gaussian(n=16, d=4, e=4), "closest")):
        other = asker.trial(inputs, Extreme(pairs=pairs), 20, Streams(0))  # type: ignore[arg-type]
        assert np.isnan(other["exact"]).all()
    assert asker.trial(Duplicated(n=16, d=4, e=4), Extreme(pairs="closest"), 20, Streams(0))["c_95"].all()


def test_alignment_finds_nothing_where_the_theorem_forbids_it() -> None:
    tied = alignment.trial(Tied(n=24, d=4, e=4), Softmax(), Reachable(), 30, Streams(0))
    free = alignment.trial(Tied(n=24, d=4, e=4, noise=1.0), Softmax(), Reachable(), 30, Streams(0))
    assert not tied["collides"].any() and free["collides"].mean() > 0.5
    with pytest.raises(RuntimeError, match="V = K M"):  # patterns that are no softmax, passed off as twins
        alignment.trial(Tied(n=24, d=4, e=4), Softmax(), Radon(), 5, Streams(0))
    # With fewer value than key dimensions the theorem does not speak, and twins abound.
    assert alignment.trial(Tied(n=24, d=3, e=5), Softmax(), Reachable(), 10, Streams(0))["collides"].all()


@pytest.mark.parametrize("name", SMALL)
def test_from_the_command_line_to_the_verdict(name: str, command: Callable[..., Any], tmp_path: Path) -> None:
    words = (f"experiment={name}", f"results={tmp_path}", "exec=serial", "trials=10", "repeats=2")
    answer = command(*words, *SMALL[name])
    assert answer.code == 0, answer.err
    table = read_csv(tmp_path / name / "results.csv")
    assert set(table["status"]) <= {"done", "skipped"}
    module = {"collision": collision, "asker": asker, "alignment": alignment}[name]
    whole = module.verdict(table)
    assert whole.sentences and whole.answers and whole.limits
    assert not any("nan" in sentence for sentence in whole.sentences)
    for torn in (table.iloc[:0], table.iloc[::3], table[table["metric"] != "found"]):
        assert not any("nan" in sentence for sentence in module.verdict(torn).sentences)


def test_below_the_threshold_the_reason_is_the_result(command: Callable[..., Any], tmp_path: Path) -> None:
    command(
        "experiment=collision", f"results={tmp_path}", "exec=serial", "trials=5", "repeats=2",
        "inputs.d=3", "inputs.n=4,5", "collision=radon",
    )  # fmt: skip
    table = read_csv(tmp_path / "collision" / "results.csv")
    below, above = table[table["inputs.n"] == 4], table[table["inputs.n"] == 5]
    assert set(below["status"]) == {"skipped"} and "affinely independent" in below["reason"].iloc[0]
    assert set(above["status"]) == {"done"}
    assert any("affinely independent" in sentence for sentence in collision.verdict(table).sentences)
