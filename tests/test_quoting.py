"""A path with a mark that needs quotes: the refusal names the mark, once, and the word that it gives is taken."""

from __future__ import annotations

import shlex

import pytest
from conftest import Lab

from attnlab.harness.configs import Configs
from attnlab.harness.overrides import parse


@pytest.mark.parametrize(("path", "mark"), [("a'b", "'"), ("é'b", "'"), ('été"b', '"'), ("é`b", "`")])
def test_a_mark_in_a_path_is_named_once(lab: Lab, path: str, mark: str) -> None:
    answer = lab("experiment=noop", "action=plan", f"results={path}")
    assert answer.code == 2
    assert answer.err.count(f"text in which no {mark} stands outside quotes") == 1
    assert "token" not in answer.err and "1 to mend" in answer.err
    told = [line for line in answer.err.splitlines() if "in quotes of Hydra's" in line]
    assert bool(told) == (mark != "`")
    for line in told:
        (word,) = shlex.split(line.partition("shell's: ")[2])
        (line,) = parse([word], Configs()).composed
        assert line == word and path in line
