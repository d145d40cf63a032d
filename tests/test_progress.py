"""How far a study is, while it runs: a bar on a terminal, now and then a line elsewhere; of an audit too."""

from __future__ import annotations

import io
import re
import sys

import pytest
from conftest import Lab
from members import heads_file

from attnlab.harness import progress


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


AUDIT = ("experiment=audit", f"inputs.path={heads_file(6, 3, 3)}", "inputs.layer=0", "exec=serial")


def test_an_audit_says_how_many_heads_are_done_and_how_long_the_rest_takes(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "QUIET", 0.0)
    answer = lab(*AUDIT)
    assert answer.code == 0, answer.err
    told = re.findall(r"(\d) of (\d) cells, 0 failed(?:, about (\d+) s left)?\n", answer.err)
    cells = int(told[0][1])
    assert cells > 1 and [int(done) for done, _, _ in told] == list(range(1, cells + 1))
    assert [bool(left) for _, _, left in told] == [False, *[True] * (cells - 1)]
    assert told[-1][2] == "0"


def test_a_short_run_says_nothing_where_there_is_no_terminal(lab: Lab) -> None:
    answer = lab(*AUDIT)
    assert answer.code == 0 and " s left" not in answer.err


def test_on_a_terminal_there_is_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Screen()
    monkeypatch.setattr(sys, "stderr", screen)
    assert list(progress.shown(iter(()), 4)) == []
    assert "0/4" in screen.getvalue() and "cell" in screen.getvalue()
