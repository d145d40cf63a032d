"""Every word of a command has an effect, or is refused with the reason: each action against each key."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import Lab

import attnlab
from attnlab.harness.actions import ACTIONS, KEYS, heeds
from attnlab.harness.heeded import kind
from attnlab.harness.overrides import LAUNCH

FAST = ("experiment=noop", "exec=serial", "inputs.n=4")
WORDS = {
    "experiment": ("experiment=noop",),
    "study": ("study=noop",),
    "grid": ("level=1", "trials=null", "size=full", "inputs=gaussian", "experiment.title=Other", "seed=0"),
    "figures": ("figures=[{x: level, y: draw}]", "experiment.figures=[]"),
    "exec": ("exec=serial", "exec.timeout=600", "++exec.timeout=600"),
    "keep_trials": ("keep_trials=true", "keep_trials=false"),
    "force": ("force=true", "force=false"),
    "key": ("key=ab", "key=null"),
    "a": ("a=noop", "a=null"),
    "b": ("b=other", "b=null"),
}
"""What may be typed of each key; a default that is typed is typed all the same."""


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_every_key_of_the_launch_is_one_that_actions_heed_or_not() -> None:
    assert set(WORDS) == set(KEYS)
    assert {key for key in LAUNCH if key not in ("action", "results", "size")} <= set(KEYS)
    for key, words in WORDS.items():
        assert {kind(word) for word in words} == {key}
        assert any(key in heeds(action) for action in ACTIONS), f"{key} is of no use"
    assert all(set(heeds(action)) <= set(KEYS) for action in ACTIONS)


@pytest.mark.parametrize("action", ACTIONS)
def test_a_word_without_effect_is_refused_with_the_reason(lab: Lab, action: str) -> None:
    """Key, value, what it is for and where it has an effect; exit code 2, nothing written. All of them at once."""
    assert lab(*FAST, "level=1").code == 0
    before = files(lab.results)
    for at in range(max(map(len, WORDS.values()))):
        typed = [words[at] for key, words in WORDS.items() if key not in heeds(action) and at < len(words)]
        if not typed:
            continue
        answer = lab(f"action={action}", *typed)
        assert answer.code == 2 and "Traceback" not in answer.err, answer.err
        assert f"({len(typed)} to mend)" in answer.err
        for word in typed:
            key, _, value = word.lstrip("+").partition("=")
            shown = (
                f"  {key} = {value}\n      expected nothing here: it {KEYS[kind(word)]}, and action={action}"
            )
            assert shown in answer.err, answer.err
        assert files(lab.results) == before


@pytest.mark.parametrize("action", [action for action in ACTIONS if action != "run"])
def test_python_runs_and_says_where_the_rest_is(lab: Lab, action: str) -> None:
    with pytest.raises(ValueError, match=rf"action = {action}\n.*attnlab\.load.*Study\.compare"):
        attnlab.run("noop", action=action, results=lab.results, config_dir=lab.folder / "mine")
    with pytest.raises(ValueError, match=r"experiment = noop,recovery\n.*one experiment"):
        attnlab.run("noop,recovery", results=lab.results, config_dir=lab.folder / "mine")
    assert not lab.results.exists()


def test_a_key_that_means_several_records_is_told_once_with_its_studies(lab: Lab) -> None:
    for study in ("one", "two"):
        lab(*FAST, f"study={study}", "level=1")
    (path,) = (lab.results / "one" / "cells").glob("??/*.json")
    answer = lab("action=show", f"key={path.stem[:6]}")
    assert answer.code == 2 and "study=NAME beside it: one and two hold this cell" in answer.err
    assert lab("action=show", f"key={path.stem[:6]}", "study=one").code == 0
    lab(*FAST, "study=two", "level=2")
    answer = lab("action=show", "key=''")
    assert answer.code == 2 and answer.err.count(path.stem) == 1 and f"{path.stem} (one, two)" in answer.err
    for word in ("level=1", "figures=[{x: level, y: draw}]"):
        answer = lab("action=show", f"key={path.stem}", "study=one", word)
        assert answer.code == 2 and "a record is shown whole" in answer.err


def test_a_key_of_digits_is_not_taken_for_a_number(lab: Lab) -> None:
    """Keys are hexadecimal: the beginning of one may look like 12e5, or have a zero in front."""
    for typed in ("012", "12e5", "1_0"):
        answer = lab(*FAST, "level=1", "study=one") if not lab.results.exists() else None
        assert answer is None or answer.code == 0
        told = lab("action=show", f"key={typed}").err
        assert f"key = {typed}\n" in told and "the beginning of" in told
