"""Figures of the user's own, asked for in one word: drawn, refused by name, and gone when no longer asked for."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import Answer, Lab

REFUSED = {
    "[{x: inputs.dd, y: top1}]": (
        "figures[0].x = inputs.dd",
        "a setting of recovery:",
        "did you mean inputs.d?",
    ),
    "[{x: inputs.n, y: top1, hue: decodr}]": ("figures[0].hue = decodr", "did you mean decoder?"),
    "[{x: inputs.n, y: topp1}]": ("figures[0].y = topp1", "a metric of recovery:", "did you mean top1?"),
    "[{x: inputs.n, y: top1, kind: line}]": (
        "figures[0].kind = line",
        "heat, lines, points, table",
        "lines?",
    ),
    "[{x: inputs.n, y: top1, hu: decoder}]": ("figures[0].hu = decoder", "a key of lines:", "mean hue?"),
    "[{y: top1}]": ("figures[0].x", "a figure of kind lines needs: x"),
    "[{x: inputs.n, y: top1, reference: chance}]": ("figures[0].reference = chance", "a list, [...]"),
    "[{x: inputs.n, y: top1, reference: [chanse]}]": ("figures[0].reference = chanse", "mean chance?"),
    "[{x: inputs.n, y: top1, where: {inputs.nn: 8}}]": ("figures[0].where.inputs.nn", "mean inputs.n?"),
    "[{x: inputs.n, y: top1, where: {decoder: simplx}}]": (
        "figures[0].where.decoder = simplx",
        "one of simplex; did you mean simplex?",
    ),
    "[{x: inputs.n, y: top1, where: {inputs.n: [8, 9]}}]": ("figures[0].where.inputs.n = 9", "one of 4, 8"),
    "[{x: inputs.n, y: top1, prefer: {inputs.n: 9}}]": ("figures[0].prefer.inputs.n = 9", "one of 4, 8"),
    "[{x: inputs.n, y: top1, where: {inputs.n/inputs.d: 2}}]": ("where.inputs.n/inputs.d = 2", "of 0.5, 1"),
    "[{x: inputs.n, y: top1, where: 3}]": ("figures[0].where = 3", "a mapping, {column: ...}"),
    "[{x: inputs.n, y: top1, logx: 3}]": ("figures[0].logx = 3", "true or false"),
    "[{x: [inputs.n], y: top1}]": ("figures[0].x = [inputs.n]", "text"),
    "[{x: inputs.n, y: [top1, chance]}]": ("figures[0].y = [top1, chance]", "metric as one of x, hue"),
    "[{x: inputs.n, y: inputs.d, value: top11}]": ("figures[0].value = top11", "did you mean top1?"),
    "[{x: inputs.n, y: top1, name: a}, {x: inputs.d, y: top1, name: a}]": (
        "figures[1].name = a",
        "of its own",
    ),
    "[{x: inputs.n, y: top1, name: a/b}]": ("figures[0].name = a/b", "letters, digits"),
    "[{_target_: no.such.Kind, x: inputs.n, y: top1, name: a}]": (
        "figures[0]._target_ = no.such.Kind",
        "a key of lines",
    ),
    "3": ("figures = 3", "a list of figures"),
}
RECOVERY = (
    "experiment=recovery",
    "decoder=simplex",
    "inputs.n=4,8",
    "weights=softmax",
    "weights.temperature=1",
)


@pytest.mark.parametrize("asked", REFUSED)
def test_a_figure_that_cannot_be_is_refused_before_anything_runs(
    command: Callable[..., Answer], tmp_path: Path, asked: str
) -> None:
    answer = command(f"results={tmp_path / 'results'}", *RECOVERY, f"figures={asked}")
    assert answer.code == 2
    for part in REFUSED[asked]:
        assert part in answer.err
    assert "Traceback" not in answer.err and "_target_=" not in answer.err
    assert not (tmp_path / "results").exists()


def test_the_long_name_is_the_same(command: Callable[..., Answer], tmp_path: Path) -> None:
    answer = command(
        f"results={tmp_path / 'results'}", *RECOVERY, "experiment.figures=[{x: inputs.dd, y: top1}]"
    )
    assert answer.code == 2 and "figures[0].x = inputs.dd" in answer.err
    assert not (tmp_path / "results").exists()


def pictures(lab: Lab, study: str = "noop") -> set[str]:
    return {path.name for path in (lab.results / study / "figures").iterdir()}


def test_a_figure_of_ones_own_is_drawn_and_remembered_and_older_ones_go(lab: Lab) -> None:
    first = lab("experiment=noop", "exec=serial")
    assert first.code == 0 and pictures(lab) == {"draw.svg"}
    (lab.results / "noop" / "figures" / "mine.txt").write_text("the user's own")
    asked = "figures=[{x: inputs.n, y: positive, hue: level}, {x: mood, y: draw, title: By mood}]"
    answer = lab("experiment=noop", "exec=serial", asked)
    assert answer.code == 0, answer.err
    drawn = {"positive-by-inputs-n-level.svg", "draw-by-mood.svg"}
    assert pictures(lab) == drawn | {"mine.txt"}
    page = (lab.results / "noop" / "report.html").read_text()
    assert "Positive by " in page and "By mood" in page and "Draws<" not in page
    told = json.loads((lab.results / "noop" / "study.json").read_text())["study"]
    assert [figure["kind"] for figure in told["figures"]] == ["lines", "points"]
    assert shlex.split(told["command"])[-1] == asked
    before = (lab.results / "noop" / "report.html").read_bytes()
    assert lab("action=report", "study=noop").code == 0  # remembered
    assert (lab.results / "noop" / "report.html").read_bytes() == before
    other = "figures=[{x: level, y: draw, name: other}]"
    assert lab("action=report", "study=noop", other).code == 0  # of what is stored, with nothing run again
    assert pictures(lab) == {"other.svg", "mine.txt"}
    assert lab("action=report").code == 0 and pictures(lab) == drawn | {"mine.txt"}  # what the run asked for
    assert (lab.results / "noop" / "report.html").read_bytes() == before
    assert lab("experiment=noop").code == 0 and pictures(lab) == {"draw.svg", "mine.txt"}


def test_of_an_experiment_that_declares_no_metrics_the_records_tell_them(lab: Lab) -> None:
    noop = lab.folder / "mine" / "noop.py"
    text = noop.read_text().replace("MEASURES", "UNDECLARED").replace("np.full(trials, np.nan)", "draw > 9")
    noop.write_text(text)
    asked = "figures=[{x: level, y: darw}]"
    told = lab("experiment=noop", "exec=serial", "level=1,2", asked)
    assert told.code == 0  # nothing is known yet: the page says so
    assert "darw" in (lab.results / "noop" / "report.md").read_text()
    for words in (("experiment=noop", "level=1,2"), ("action=report", "study=noop")):
        told = lab(*words, asked)
        assert told.code == 2 and "figures[0].y = darw" in told.err
        assert "a metric of noop: draw, never, positive; did you mean draw?" in told.err
    assert lab("experiment=noop", "level=1,2", "figures=[{x: level, y: draw, hue: 'inputs:sayz'}]").code == 2


def test_a_lone_word_may_mean_an_action(lab: Lab) -> None:
    for word in ("plan", "plna"):
        answer = lab(word)
        assert answer.code == 2 and f"  {word}\n" in answer.err
        assert "expected key=value; did you mean action=plan?" in answer.err


def test_a_wrong_module_names_the_nearest_one(lab: Lab) -> None:
    for wrong, near in (("nop", "noop"), ("attnlab.experiments.recovry", "attnlab.experiments.recovery")):
        answer = lab("experiment=noop", f"experiment.module={wrong}")
        assert answer.code == 2 and f"experiment.module = {wrong}" in answer.err
        assert f"did you mean {near}" in answer.err
        assert not lab.results.exists()
