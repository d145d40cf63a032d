"""Figures in the yaml of an experiment of one's own: what no grid of it has is refused before anything runs.

Metrics that nothing declares are told once the first cell is done; nothing that was measured is lost.
"""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from conftest import Lab

NEAR = {"name": "draw", "kind": "lines", "x": "level", "y": "draw"}
REFUSED: list[tuple[Any, tuple[str, ...]]] = [
    ([{**NEAR, "y": "darw"}], ("figures[0].y = darw", "a metric of noop:", "did you mean draw?")),
    ([{**NEAR, "reference": ["positiv"]}], ("figures[0].reference = positiv", "did you mean positive?")),
    ([NEAR, {**NEAR, "name": "b", "kind": "line"}], ("figures[1].kind = line", "did you mean lines?")),
    ([{**NEAR, "hu": "mood"}], ("figures[0].hu = mood", "a key of lines:", "did you mean hue?")),
    ([{**NEAR, "x": "levl"}], ("figures[0].x = levl", "a setting of noop:", "did you mean level?")),
    ([{**NEAR, "hue": "inputs.np"}], ("figures[0].hue = inputs.np", "inputs.n?")),
    ([{**NEAR, "hue": "inputs:sayz"}], ("figures[0].hue = inputs:sayz", "did you mean inputs:says")),
    ([{**NEAR, "where": {"moood": "fine"}}], ("figures[0].where.moood", "did you mean mood?")),
    ([{**NEAR, "y": ["draw", "positive"]}], ("figures[0].y = [draw, positive]", "metric as one of x, hue")),
    ([NEAR, NEAR], ("figures[1].name = draw", "a name of its own for each figure")),
    (NEAR, ("figures = {name: draw", "a list, [...], in experiment/noop.yaml")),
    ([["draw"]], ("figures = [[draw]]", "a list of figures")),
    (None, ("figures = null", "a list of figures")),
    ("draw", ("figures = draw", "a list of figures")),
]


def draws(lab: Lab, figures: Any, **rest: Any) -> None:
    path = lab.folder / "mine" / "experiment" / "noop.yaml"
    text = path.read_text()
    config = {**yaml.safe_load(text), **rest}
    config["experiment"]["figures"] = figures
    path.write_text(text.splitlines()[0] + "\n" + yaml.safe_dump(config, sort_keys=False))


@pytest.mark.parametrize(("figures", "told"), REFUSED, ids=lambda value: str(value)[:50])
def test_what_no_grid_has_is_refused_before_anything_runs(
    lab: Lab, figures: Any, told: tuple[str, ...]
) -> None:
    draws(lab, figures)
    for action in ("run", "plan"):
        answer = lab("experiment=noop", "exec=serial", "level=1", f"action={action}")
        assert answer.code == 2 and "Traceback" not in answer.err and "full_key" not in answer.err
        assert all(part in answer.err for part in told), answer.err
        assert not lab.results.exists()


def test_what_another_grid_has_is_not(lab: Lab) -> None:
    """A setting of another choice, a fact of one, a level that the command line left out."""
    draws(lab, [{**NEAR, "hue": "inputs.noise", "row": "inputs:says", "prefer": {"level": 3}}])
    assert lab("experiment=noop", "exec=serial", "level=1,2").code == 0
    assert "draw.svg" in {path.name for path in (lab.results / "noop" / "figures").iterdir()}


def test_a_shape_that_does_not_fit_is_said_of_every_node(lab: Lab) -> None:
    draws(lab, [NEAR], inputs=["gaussian"])
    answer = lab("experiment=noop", "exec=serial")
    assert answer.code == 2 and "  inputs = [gaussian]\n" in answer.err
    assert "expected a mapping, {key: value}, in experiment/noop.yaml" in answer.err


def undeclared(lab: Lab) -> None:
    path = lab.folder / "mine" / "noop.py"
    path.write_text(
        path.read_text().replace("MEASURES", "UNDECLARED").replace("np.full(trials, np.nan)", "draw > 9")
    )


def test_an_undeclared_metric_is_told_after_the_first_cell_and_nothing_measured_is_lost(lab: Lab) -> None:
    undeclared(lab)
    draws(lab, [{**NEAR, "y": "darw"}])
    answer = lab("experiment=noop", "exec=serial", "level=1,2,3", "inputs.n=4")
    assert answer.code == 0
    told = "figure draw: darw: expected a metric of the experiment: draw, never, positive; did you mean draw?"
    assert answer.err.count(f"noop: not in the first cell: {told}") == 1
    assert answer.err.count(f"noop: not drawn: {told}") == 1
    draws(lab, [NEAR])
    answer = lab("action=report")
    assert answer.code == 0 and "darw" not in (lab.results / "noop" / "report.md").read_text()
    again = lab("experiment=noop", "exec=serial", "level=1,2,3", "inputs.n=4")
    assert "3 already there, 0 to run" in again.err and "figure" not in again.err


def test_it_is_told_before_the_other_cells(lab: Lab) -> None:
    """The second cell fails: what is said of it comes later."""
    undeclared(lab)
    draws(lab, [{**NEAR, "y": "darw"}])
    err = lab("experiment=noop", "exec=serial", "mood=fine,raise", "level=1", "inputs.n=4").err
    assert err.index("not in the first cell") < err.index("broke on purpose") < err.index("not drawn")


def test_a_metric_that_later_cells_have_is_drawn(lab: Lab) -> None:
    """The first cell cannot know: it is said of that cell alone, and nothing is refused."""
    undeclared(lab)
    path = lab.folder / "mine" / "noop.py"
    late = 'return {"draw": draw, **({"late": draw} if level else {})}\n\n\ndef _'
    path.write_text(path.read_text().replace('return {"draw"', late + '(draw):\n    return {"draw"'))
    draws(lab, [{**NEAR, "y": "late"}])
    answer = lab("experiment=noop", "exec=serial", "level=0,1,2", "inputs.n=4")
    assert "not in the first cell: figure draw: late" in answer.err and "not drawn" not in answer.err
    assert "draw.svg" in {path.name for path in (lab.results / "noop" / "figures").iterdir()}
