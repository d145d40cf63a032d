"""A verdict that was kept is told over the table it was drawn of, and over no other."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import Lab

from attnlab.harness.store import Store

GRID = ("experiment=noop", "level=range(20)", "inputs.n=4", "trials=2", "repeats=1", "exec=serial")
KEPT, NONE = "The mean draw is 9.54 on average", "No verdict: the experiment's config is not in reach"


def _without_config(lab: Lab, action: str) -> str:
    """What an action says of the results where nobody has the experiment's folder."""
    answer = lab.command(f"results={lab.results}", f"action={action}")
    assert answer.code in (0, 1), answer.err
    return answer.out


def _delete(paths: list[Path]) -> None:
    for path in paths:
        path.unlink()


def _empty(paths: list[Path]) -> None:
    for path in paths:
        path.write_text("")


@pytest.mark.parametrize("harm", [_delete, _empty])
@pytest.mark.parametrize("left", [0, 10])
@pytest.mark.parametrize("action", ["show", "report"])
def test_a_kept_verdict_is_told_of_no_other_cells(lab: Lab, action: str, left: int, harm: object) -> None:
    """Records deleted or torn: a number of cells that are no longer there is not their study's."""
    assert callable(harm) and lab(*GRID).code == 0
    assert KEPT in _without_config(lab, "show") and KEPT in _without_config(lab, "report")
    paths = sorted((lab.results / "noop" / "cells").glob("??/*.json"))
    harm(paths[left:])
    if left == 0 and harm is _delete:
        paths[0].write_text("")  # a study without any record is none
    assert len(list(Store(lab.results / "noop").all())) == left
    for _ in range(2):
        told = _without_config(lab, action)
        assert NONE in told and KEPT not in told, told
    assert action == "show" or KEPT not in (lab.results / "noop" / "report.md").read_text()
    assert lab(*GRID).code == 0
    assert KEPT in _without_config(lab, "show") and KEPT in (lab.results / "noop" / "report.md").read_text()
