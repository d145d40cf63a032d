"""Null, a list or a deletion where a command needs one choice, a text or a number: refused in a sentence."""

from __future__ import annotations

from typing import Any

import pytest
from conftest import Lab

from attnlab.parts import refusal

REFUSED = {
    "exec=null": "one of dask, local, serial, slurm",
    "size=null": "one of full, quick",
    "inputs=null": "expected one of",
    "inputs=null,gaussian": "expected one of",
    "experiment=null": "expected one of",
    "~size": "size to stay, which every command needs",
    "~exec": "exec to stay, which every command needs",
    f"exec.timeout=1{400 * '0'}": "expected a finite number",
    "study=[a]": "expected text",
    "study={a: 1}": "expected text",
    "exec=slurm exec.setup=umask": "expected a list, each entry text",
    "exec=slurm exec.setup=[1]": "expected a list, each entry text",
    "exec=slurm exec.sbatch=5": "expected a list, each entry text",
}


@pytest.mark.parametrize("words", REFUSED)
def test_it_is_refused_with_what_is_wanted(lab: Lab, words: str) -> None:
    experiment = () if "experiment" in words else ("experiment=noop",)
    answer = lab(*experiment, *([words] if "{" in words else words.split()))
    assert answer.code == 2 and "Traceback" not in answer.err
    assert REFUSED[words] in " ".join(answer.err.split()) and not lab.results.exists()


def test_so_is_a_grid_of_ones_own_with_null_for_a_choice(lab: Lab) -> None:
    config = lab.folder / "mine" / "experiment" / "noop.yaml"
    config.write_text(config.read_text().replace('level: "range(4)"', "inputs: null"))
    answer = lab("experiment=noop")
    assert answer.code == 2 and "inputs = null expected one of" in " ".join(answer.err.split())


def test_a_list_of_anything_says_what_its_entries_are() -> None:
    assert refusal(list[str], ["a"]) is None and refusal(list[Any], [1, "a"]) is None
    assert refusal(list[int | None], ["a"]) == "a list, each entry an integer or null"
    assert refusal(list[Any], 1) == "a list"
