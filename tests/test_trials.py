"""Values of every trial: stored on request, before the record that names them; and words for what Python holds."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import Lab
from omegaconf import OmegaConf

import attnlab
from attnlab.harness.configs import Configs
from attnlab.harness.overrides import parse
from attnlab.harness.store import Store
from attnlab.harness.words import words
from attnlab.intervals import Measure
from attnlab.parts import SettingError

ONE = ("experiment=noop", "level=1", "inputs.n=4", "exec=serial", "repeats=3")


def records(lab: Lab) -> dict[Path, dict[str, Any]]:
    return {path: json.loads(path.read_text()) for path in lab.results.glob("noop/cells/*/*.json")}


def test_none_are_kept_unless_they_are_asked_for(lab: Lab) -> None:
    assert lab(*ONE).code == 0
    ((path, record),) = records(lab).items()
    assert "trials" not in record and not path.with_suffix(".npz").exists()
    with pytest.raises(ValueError, match=r"expected values of trials .* run it with keep_trials=true"):
        attnlab.load(lab.results / "noop").trials  # noqa: B018


def test_asking_for_them_measures_again_with_the_same_numbers(lab: Lab) -> None:
    assert lab(*ONE).code == 0
    ((path, before),) = records(lab).items()
    assert "1 to run" in lab(*ONE, "keep_trials=true", "action=plan").out
    assert lab(*ONE, "keep_trials=true").code == 0
    ((same, record),) = records(lab).items()
    assert same == path and record["metrics"] == before["metrics"] and record["key"] == before["key"]
    trials = attnlab.load(lab.results / "noop").trials
    assert len(trials) == 3 * 8 and list(trials["repeat"].unique()) == [0, 1, 2]
    assert trials["draw"].mean() == pytest.approx(record["metrics"]["draw"]["value"], rel=1e-12)
    np.testing.assert_array_equal(trials["positive"], trials["draw"] > 0)
    assert trials["never"].isna().all() and (trials["level"] == 1).all() and (trials["inputs.n"] == 4).all()
    assert "0 to run" in lab(*ONE, "keep_trials=true", "action=plan").out
    assert "0 to run" in lab(*ONE, "action=plan").out, "without them nothing is measured again"


def _told(done: Callable[..., Any], name: str, order: list[str]) -> Callable[..., Any]:
    """The method, which also says that it was called."""

    def called(*args: Any) -> Any:
        order.append(name)
        return done(*args)

    return called


def test_a_record_names_values_only_where_they_are(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """A kill between the two files leaves values without a record; without its values a record is not final."""
    order: list[str] = []
    for name in ("write", "write_trials"):
        monkeypatch.setattr(Store, name, _told(getattr(Store, name), name, order))
    assert lab(*ONE, "keep_trials=true").code == 0
    assert order == ["write_trials", "write"]
    ((path, record),) = records(lab).items()
    path.with_name(record["trials"]).unlink()
    assert "1 to run" in lab(*ONE, "keep_trials=true", "action=plan").out
    assert "0 to run" in lab(*ONE, "action=plan").out
    with pytest.raises(ValueError, match="expected values of trials"):
        attnlab.load(lab.results / "noop").trials  # noqa: B018


def test_a_done_record_survives_a_second_measurement_that_fails(
    lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`mood=once` fails the first time it is measured: here that is the time after it was done."""
    marker = tmp_path / "marker"
    marker.touch()
    monkeypatch.setenv("NOOP_MARKER", str(marker))
    moody = (*ONE, "mood=once")
    assert lab(*moody).code == 0
    before = records(lab)
    marker.unlink()
    answer = lab(*moody, "keep_trials=true")
    assert "the first time only" in answer.err and records(lab) == before


def test_a_metric_of_the_repeat_as_a_whole_fills_its_own_rows(lab: Lab) -> None:
    noop = lab.folder / "mine" / "noop.py"
    text = noop.read_text().replace('"positive": draw > 0', '"positive": draw > 0, "whole": draw[:1]')
    noop.write_text(text.replace("MEASURES = {", "MEASURES = {'whole': Measure(whole=True), "))
    assert Measure(whole=True).whole
    assert lab(*ONE, "keep_trials=true").code == 0
    trials = attnlab.load(lab.results / "noop").trials
    assert trials["whole"].notna().sum() == 3 and len(trials) == 24


def test_in_workers_too(lab: Lab) -> None:
    answer = lab("experiment=noop", "level=1,2", "inputs.n=4", "exec.workers=2", "keep_trials=true")
    assert answer.code == 0
    assert attnlab.load(lab.results / "noop").trials.groupby("level").size().tolist() == [40, 40]


def test_keep_trials_is_true_or_false(lab: Lab) -> None:
    answer = lab(*ONE, "keep_trials=some")
    assert answer.code == 2 and "keep_trials = some" in answer.err and "expected true or false" in answer.err
    assert not lab.results.exists()


@pytest.mark.parametrize(
    ("settings", "typed"),
    [
        ({"decoder": "simplex"}, ["decoder=simplex"]),
        ({"decoder": ["simplex", "max_entropy"]}, ["decoder=simplex,max_entropy"]),
        ({"decoder": "glob(*)"}, ["decoder=glob(*)"]),
        ({"inputs.n": [16, 32], "seed": 3}, ["inputs.n=16,32", "seed=3"]),
        ({"inputs.n": range(2, 5)}, ["inputs.n=2,3,4"]),
        ({"x": np.array([0.5, 1.0])}, ["x=0.5,1.0"]),
        ({"x": np.float64(0.1), "y": True, "z": None}, ["x=0.1", "y=true", "z=null"]),
        ({"x": [[1, 2], [3]]}, ["x=[1, 2],[3]"]),
        ({"keep_trials": True}, ["keep_trials=true"]),
        (
            {"figures": [{"x": "inputs.n", "y": "top1", "title": "a, b: it's"}]},
            [r"figures=[{x: 'inputs.n', y: 'top1', title: 'a, b: it\'s'}]"],
        ),
        ({"results": Path("/a b/c=d")}, ["results='/a b/c=d'"]),
    ],
)
def test_settings_become_words(settings: dict[str, Any], typed: list[str]) -> None:
    assert list(words(settings)) == typed


@pytest.mark.parametrize("value", [[], object(), 1j, {"a": object()}])
def test_what_no_command_line_holds_is_refused(value: object) -> None:
    with pytest.raises(SettingError, match=r"inputs\.n"):
        list(words({"inputs.n": value}))


def test_quoted_text_comes_back_as_it_was() -> None:
    path = "/a 'b' \\ c/{d}=e, [f]"
    (word,) = words({"results": Path(path)})
    (composed,) = parse([word, "experiment=recovery"], Configs()).composed
    assert composed == word
    key, _, text = word.partition("=")
    from hydra.core.override_parser.overrides_parser import OverridesParser

    assert OverridesParser.create().parse_override(f"{key}={text}").value() == path
    assert OmegaConf.create({key: path})[key] == path
