"""Characters that a table or a page cannot hold are shown by their codes, or refused; no text is cut at one."""

from __future__ import annotations

import csv
import re

import pytest
from conftest import Lab

import attnlab

UNFIT = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
"""What stands for no character in HTML or Markdown."""
SHOWN = {"a\0b": r"a\x00b", "\x1b[31mred": r"\x1b[31mred"}


@pytest.mark.parametrize("said", SHOWN)
def test_a_reason_is_shown_whole(lab: Lab, said: str) -> None:
    """As what a cell failed of and as a setting that a config names; the csv holds every character but a NUL."""
    module = lab.folder / "mine" / "noop.py"
    module.write_text(module.read_text().replace('f"level {level} broke on purpose"', repr(said)))
    config = lab.folder / "mine" / "experiment" / "noop.yaml"
    escaped = said.replace("\0", r"\0").replace("\x1b", r"\e")
    config.write_text(config.read_text().replace("mood: fine", f'mood: "{escaped}"'))
    words = ("experiment=noop", "level=1", "inputs.n=4", "repeats=1", "exec=serial")
    assert lab(*words).code == 0 and lab(*words, "mood=raise", "study=failed").code == 1
    for study, column, start in (("noop", "mood", ""), ("failed", "reason", "RuntimeError: ")):
        folder = lab.results / study
        row, *_ = csv.DictReader((folder / "results.csv").read_text().splitlines())
        assert row[column] == start + said.replace("\0", r"\x00")
        for name in ("report.html", "report.md"):
            page = (folder / name).read_text()
            assert not UNFIT.search(page) and SHOWN[said] in page
    assert lab("action=report").code == 1  # the failed cell; nothing else


@pytest.mark.parametrize("text", ["\0", "a\0b", "half \ud800", "bytes \udc80"])
def test_what_no_table_could_hold_is_refused_in_words_that_can_be_printed(lab: Lab, text: str) -> None:
    with pytest.raises(ValueError, match=r"expected text (in UTF-8|without a NUL character)") as refused:
        attnlab.run("noop", mood=text, results=lab.results, config_dir=lab.folder / "mine")
    assert str(refused.value).encode() and "\0" not in str(refused.value)
    assert not lab.results.exists()
