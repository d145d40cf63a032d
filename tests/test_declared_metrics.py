"""Every experiment declares all its metrics, so that one there is not can be refused before anything runs."""

from __future__ import annotations

import contextlib
import importlib
import inspect
from pathlib import Path

import pytest
from members import heads_file

from attnlab.harness.command import ask
from attnlab.parts import Declined
from attnlab.probes.readout import MEASURES as READOUT
from attnlab.projections.models.skill import MEASURES as SKILL

SMALL = ("trials=4", "repeats=1", "exec=serial")
FEWER = {
    "audit": (f"inputs.path={heads_file()}", "inputs.layer=0", "inputs.head=0"),
    "ladder": ("samples=40", "inputs.n=4"),
    "probing": ("samples=40", "inputs.n=4"),
    "training": ("samples=40", "model.steps=2"),
    "width": ("samples=40",),
    "four_questions": ("samples=40",),
}
EXPERIMENTS = sorted(path.stem for path in (Path(__file__).parents[1] / "experiments").glob("[a-z]*.py"))


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_experiments_declare_every_metric_and_no_other(name: str) -> None:
    if name == "training":
        pytest.importorskip("torch")
    module = importlib.import_module(f"attnlab.experiments.{name}")
    small = SMALL if "trials" in inspect.signature(module.trial).parameters else SMALL[1:]
    (plan,) = ask([f"experiment={name}", *small, *FEWER.get(name, ())]).plans()
    returned: set[str] = set()
    for cell in plan.cells:
        with contextlib.suppress(Declined):
            returned = set(cell.measure())
            break
    assert returned and returned <= set(module.MEASURES)
    body = inspect.getsource(module)
    body = body.replace(body[body.index("MEASURES = ") : body.index("def trial")], "")
    for metric in set(module.MEASURES) - returned - set(READOUT) - set(SKILL):
        stem = metric.removeprefix("informed_").removeprefix("certified_")
        assert f'"{stem}"' in body, f"{metric} is declared in vain"
