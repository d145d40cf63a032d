"""The three experiments on collisions: trials, verdicts on whole and on torn tables, the command line."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from attnlab.channels.exact import Exact
from attnlab.collisions.extreme import Extreme
from attnlab.collisions.radon import Radon
from attnlab.collisions.reachable import Reachable
from attnlab.decoders.softmax_inverse import SoftmaxInverse
from attnlab.experiments import alignment, asker, collision, four_questions, recovery
from attnlab.harness.table import read_csv
from attnlab.inputs.duplicated import Duplicated
from attnlab.inputs.gaussian import Gaussian
from attnlab.inputs.tied import Tied
from attnlab.probes.output_linear import OutputLinear
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
    law = asker.trial(Gaussian(n=16, d=4, e=4), Extreme(), 2, 64, 400, Streams(0))
    asked = np.isfinite(law["softmax_c"])
    assert asked.sum() == 2 and (law["softmax_c"][asked] <= law["softmax_bound"][asked] + 1e-9).all()
    assert (law["softmax_bound"][asked] <= law["largest_c"][asked] + 1e-9).all()
    assert not (law["apart_kept"][asked] * law["apart_lost"][asked]).any()
    assert law["exact"][0] == pytest.approx(1 - 0.341, abs=5e-4)
    assert abs(law["possible"].mean() - law["exact"][0]) < 4 * np.sqrt(0.25 / 400)
    np.testing.assert_array_equal(law["possible"], law["largest_c"] > 0.5 + 1e-9)
    for inputs, pairs in ((Duplicated(n=16, d=4, e=4), "random"), (Gaussian(n=16, d=4, e=4), "closest")):
        other = asker.trial(inputs, Extreme(pairs=pairs), 2, 64, 20, Streams(0))  # type: ignore[arg-type]
        assert np.isnan(other["exact"]).all()
    assert asker.trial(Duplicated(n=16, d=4, e=4), Extreme(pairs="closest"), 2, 64, 20, Streams(0))[
        "c_95"
    ].all()


def test_alignment_brackets_from_tied_to_independent(monkeypatch: pytest.MonkeyPatch) -> None:
    tied = alignment.trial(Tied(n=24, d=4, e=4), Softmax(), 30, Streams(0))
    free = alignment.trial(Tied(n=24, d=4, e=4, noise=1.0), Softmax(), 30, Streams(0))
    assert np.all(tied["q3_kept"]) and not np.any(tied["q3_lost"]) and not np.any(tied["degree"])
    assert np.mean(free["q3_lost"]) > 0.8 and not np.any(free["q3_kept"])
    for fewer, more in itertools.pairwise(["degree", "lost_by_4", "lost_by_16", "lost_by_64", "lost_by_256"]):
        assert (free[fewer] <= free[more]).all()
    np.testing.assert_array_equal(free["lost_by_256"], free["q3_lost"])
    assert np.isnan(free["same_order"]).all()  # 42,504 simplices
    law = alignment.trial(Gaussian(n=8, d=2, e=2), Softmax(), 40, Streams(0))
    assert np.isfinite(law["rivals"]).all()  # counted where the law speaks
    assert np.mean(law["complete"]) > 0.9 and not np.any(law["same_order"])
    assert np.mean(law["expected_rivals"]) == pytest.approx(0.94, abs=0.15)
    # With fewer value than key dimensions the theorem does not speak, and twins abound.
    assert np.all(alignment.trial(Tied(n=24, d=3, e=5), Softmax(), 10, Streams(0))["q3_lost"])
    monkeypatch.setattr(alignment, "lost_by_degree", lambda *_: np.ones(5, dtype=bool))
    with pytest.raises(RuntimeError, match="kept by a theorem"):
        alignment.trial(Tied(n=24, d=4, e=4), Softmax(), 5, Streams(0))


def test_one_situation_has_one_number_on_four_pages() -> None:
    """The same inputs, weights, trials and seed: four studies, one bracket."""
    inputs, weights, rng = Gaussian(n=16, d=3, e=3), Softmax(temperature=0.5), Streams(5)
    rows = [
        alignment.trial(inputs, weights, 25, rng),
        collision.trial(inputs, weights, Reachable(), 25, rng),
        recovery.trial(inputs, weights, Exact(), SoftmaxInverse(), 25, rng),
        four_questions.trial(inputs, weights, Exact(), OutputLinear(), "given", "weights", 60, 25, rng),
    ]
    for name in ("q3_kept", "q3_lost", "q3_lost_by_search", "q3_lost_by_degree", "q3_flip"):
        for row in rows:
            np.testing.assert_array_equal(row[name], rows[0][name])
    assert 0 < np.mean(rows[0]["q3_lost"]) < 1
    np.testing.assert_array_equal(rows[1]["found"], rows[0]["q3_lost_by_search"])


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
    assert "affinely independent" in str(collision.verdict(table).told)
