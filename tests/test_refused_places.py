"""Wrong places and words that are read as something else: key and value as they were typed, and what to type."""

from __future__ import annotations

from typing import Literal

import pytest
from conftest import Lab

from attnlab.harness.actions import ACTIONS
from attnlab.parts import refusal

WORDS = {"run": ("experiment=noop",), "plan": ("experiment=noop",), "compare": ("a=one", "b=two")}


@pytest.mark.parametrize("action", ACTIONS)
def test_a_results_folder_that_is_a_file_is_refused_by_every_action(
    lab: Lab, action: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(lab.folder)
    place = lab.folder / "a-file"
    place.write_text("the user's own")
    answer = lab.command(
        f"--config-dir={lab.folder / 'mine'}", "results=a-file", f"action={action}", *WORDS.get(action, ())
    )
    assert answer.code == 2 and "results = a-file\n      expected a folder: this is a file" in answer.err
    assert place.read_text() == "the user's own"


def test_a_results_folder_that_cannot_be_written_is_named_as_it_was_typed(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(lab.folder)
    (lab.folder / "a-file").write_text("")
    before = sorted(lab.folder.rglob("*"))
    answer = lab.command(f"--config-dir={lab.folder / 'mine'}", "results=a-file/below", "experiment=noop")
    assert answer.code == 2 and "  results = a-file/below\n" in answer.err
    assert "a folder that can be written" in answer.err and "Not a directory" in answer.err
    assert sorted(lab.folder.rglob("*")) == before


@pytest.mark.parametrize(
    ("text", "value"), [("nan", float("nan")), ("8", 8), ("true", True), ("null", None), ("1.5", 1.5)]
)
def test_a_text_that_is_read_as_a_number_is_told_how_to_be_typed(text: str, value: object) -> None:
    fits = Literal[text, "other"]  # type: ignore[valid-type]
    assert refusal(fits, text) is None
    told = refusal(fits, value)
    assert told is not None and f"'\"{text}\"'" in told and "did you mean" not in told
    assert refusal(fits, "othr") == f"one of {text}, other; did you mean other?"


def test_such_a_text_is_taken_in_quotes(lab: Lab) -> None:
    module = lab.folder / "mine" / "noop.py"
    text = module.read_text().replace("mood: str", 'mood: Literal["nan", "fine"]')
    module.write_text(text.replace("import contextlib", "from typing import Literal\nimport contextlib"))
    words = ("experiment=noop", "exec=serial", "level=1", "inputs.n=4")
    answer = lab(*words, "mood=nan")
    assert answer.code == 2 and "mood = nan" in answer.err and "'\"nan\"'" in answer.err
    assert not lab.results.exists()
    assert lab(*words, 'mood="nan"').code == 0
    assert ",nan," in (lab.results / "noop" / "results.csv").read_text()
