"""Code that is edited while a sweep runs gives no cell of the old code a number of the new one."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from conftest import Lab

EDIT = """    if mood == "edit":
        with open(__file__, "a") as module:
            module.write({text!r})
        os._exit(1)
"""
AGAIN = """

_old = trial


def trial(inputs, level: int, mood: str, trials: int, rng):
    return {"draw": 1e6 + np.zeros(trials)}
"""


@pytest.mark.parametrize("text", [AGAIN, "((("])
def test_a_worker_that_starts_after_an_edit_measures_nothing(lab: Lab, text: str) -> None:
    """The first cell edits its module and takes its process along; those after it run in a new one."""
    module = lab.folder / "mine" / "noop.py"
    whole = module.read_text()
    module.write_text(
        whole.replace('    if mood == "decline":\n', EDIT.format(text=text) + '    if mood == "decline":\n')
    )
    words = ("experiment=noop", "level=1,2", "inputs.n=4", "trials=2", "repeats=1", "exec.workers=1")
    answer = lab(*words, "mood=edit,fine")
    assert answer.code == 1 and "Traceback" not in answer.err
    paths = list((lab.results / "noop" / "cells").glob("??/*.json"))
    records = [json.loads(path.read_text()) for path in paths]
    assert len(records) == 4 and {record["status"] for record in records} == {"failed"}
    wrong = "the code has changed" if text == AGAIN else "an importable module"
    assert all(wrong in record["error"] for record in records)
    module.write_text(whole)
    answer = lab(*words, "mood=fine")
    assert answer.code == 0 and "2 to run" in answer.err
    assert os.path.isfile(Path(lab.results) / "noop" / "report.html")
