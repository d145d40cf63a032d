"""What no memory holds is refused before anything runs, on one screen; what fits, or is not known, never is."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pytest
from conftest import Lab
from members import member, members

from attnlab.harness import room
from attnlab.inputs.base import Inputs

SMALL = ("experiment=recovery", "weights=hard", "decoder=nearest_value", "exec=serial")
OWN = """
from dataclasses import dataclass
import numpy as np
from attnlab.inputs.{module} import {base}
from attnlab.shapes import Sample

@dataclass(frozen=True)
class Few({base}):
    def __call__(self, trials, rng):
        draw = rng.standard_normal
        return Sample(draw((trials, 2)), draw((trials, 3, 2)), draw((trials, 3, 2)))
"""


@pytest.mark.parametrize("name", members("inputs"))
@pytest.mark.parametrize("sizes", [{"n": 60, "d": 4, "e": 5}, {"n": 7, "d": 6, "e": 6}])
def test_inputs_take_at_least_what_they_say(name: str, sizes: dict[str, int]) -> None:
    made = member("inputs", name)
    if (
        not isinstance(made, Inputs)
        or not all(hasattr(made, size) for size in sizes)
        or not made.least_bytes(1)
    ):
        return
    made, rng = member("inputs", name, **sizes), np.random.default_rng(0)
    made(2, rng)  # what is loaded or compiled once
    tracemalloc.start()
    sample = made(300, rng)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert 0 < made.least_bytes(300) <= peak and sample.trials == 300


def test_most_inputs_say_it() -> None:
    said = [name for name in members("inputs") if isinstance(member("inputs", name), Inputs)]
    assert sum(member("inputs", name).least_bytes(1) > 0 for name in said) > len(said) / 2


@pytest.mark.parametrize(
    ("key", "value"), [("inputs.n", 10**9), ("trials", 10**12), ("inputs.d", 10**9), ("repeats", 10**12)]
)
@pytest.mark.parametrize("action", ["run", "plan"])
def test_one_screen_says_key_value_need_and_what_fits(lab: Lab, key: str, value: int, action: str) -> None:
    answer = lab(*SMALL, f"{key}={value}", f"action={action}")
    assert answer.code == 2 and not lab.results.exists() and "(1 to mend)" in answer.err
    assert f"\n  {key} = {value}\n      expected at most " in answer.err
    assert "a cell takes at least" in answer.err and "this machine has" in answer.err
    fits = answer.err.partition("expected at most ")[2].partition(":")[0].replace(",", "")
    assert 0 < int(fits) < value
    assert lab(*SMALL, f"{key}={fits}", "action=plan").code == 0
    assert lab(*SMALL, f"{key}={3 * int(fits)}", "action=plan").code == 2


def test_what_is_stored_or_runs_elsewhere_is_not_judged_by_this_machine(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = (*SMALL, "inputs.n=8", "inputs=gaussian")
    assert lab(*small).code == 0
    monkeypatch.setattr(room, "total_memory", lambda: 1000)
    assert lab(*small).code == 0 and lab(*small, "action=plan").code == 0
    assert lab(*small, "seed=1").code == 2
    away = (*small[:-3], "exec=slurm", "action=plan")
    assert lab(*away, "seed=1").code == 0
    assert "no process can have" in lab(*away, "trials=1e15").err


@pytest.mark.parametrize(("module", "base"), [("base", "Inputs"), ("gaussian", "Gaussian")])
def test_inputs_of_ones_own_that_do_not_say_are_not_judged(lab: Lab, module: str, base: str) -> None:
    """Theirs may be another n than that of the arrays they make, even where they take after ours."""
    (lab.folder / "mine" / "few.py").write_text(OWN.format(module=module, base=base))
    (lab.folder / "mine" / "inputs").mkdir()
    text = "_target_: few.Few\nn: 1000000000\nd: 2\ne: 2\n"
    (lab.folder / "mine" / "inputs" / "few.yaml").write_text(text)
    answer = lab(*SMALL, "inputs=few", "inputs.n=1000000000", "inputs.d=2", "inputs.e=2", "trials=4")
    assert answer.code == 0, answer.err


def test_a_machine_that_does_not_tell_has_all_that_can_be_addressed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert 0 < room.total_memory() <= room.ADDRESSES

    def lost(*_: Any, **__: Any) -> str:
        raise OSError

    monkeypatch.setattr("attnlab.harness.room.Path.read_text", lost)
    assert room.total_memory() == room.ADDRESSES
