"""The numbers of every variant and every experiment on a tiny case, beside the version that made them.

`python tests/numbers_of.py` writes tests/numbers.json: new and raised versions only. Numbers that changed under an
unchanged version are refused: raise the version, so that stored cells run again.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from hydra import initialize_config_dir

sys.path.insert(0, str(Path(__file__).parent))
from members import CONF, heads_file, member, members

from attnlab.attention import output, softmax_weights
from attnlab.harness.cells import arguments
from attnlab.harness.configs import BASE, Configs
from attnlab.harness.grid import plans
from attnlab.harness.overrides import parse
from attnlab.parts import Declined, Part, Unavailable
from attnlab.probes.targets import examples
from attnlab.shapes import Sample

FILE = Path(__file__).with_name("numbers.json")
NEAR = 1e-6
"""Numbers that differ by more, relatively and absolutely, are other numbers."""
SINGLE = 1e-3
"""The same for what is trained in single precision, whose sums other processors order otherwise."""
Numbers = dict[str, Any]


def rng() -> np.random.Generator:
    return np.random.default_rng(7)


def problem(trials: int, n: int, d: int) -> Sample:
    """Gaussian problems with tokens."""
    draw = rng().standard_normal
    return Sample(draw((trials, 4)), draw((trials, n, 4)), draw((trials, n, d)), tokens=draw((trials, n, 6)))


def attended(sample: Sample) -> np.ndarray:
    return np.asarray(softmax_weights(np.einsum("be,bne->bn", sample.queries, sample.keys), sample.mask))


def of_inputs(part: Any) -> list[Any]:
    sample = part(5, rng())
    return [sample.queries, sample.keys, sample.values, sample.tokens, sample.mask, sample.group]


def of_weights(part: Any) -> list[Any]:
    return [part(problem(5, 12, 4), rng())]


def of_channel(part: Any) -> list[Any]:
    sample = problem(5, 12, 4)
    return [part(attended(sample), sample, rng())]


def of_collision(part: Any) -> list[Any]:
    sample = problem(3, 9, 2)
    pair = part(attended(sample), sample, rng())
    return [pair.found, np.where(pair.found[:, None, None], pair.patterns, 0.0)]


def of_decoder(part: Any) -> list[Any]:
    sample = problem(5, 7, 4)
    a = np.eye(7)[[0, 1, 2, 3, 4]] * 0.7 + np.eye(7)[[1, 2, 3, 4, 5]] * 0.3
    found = part(output(a, sample.values), sample)
    return [found.weights, found.converged]


def of_probe(part: Any) -> list[Any]:
    sample = problem(60, 5, 4)
    a = attended(sample)
    seen = examples(output(a, sample.values), a, sample)
    rows = np.arange(60)
    return [part.fit(seen[rows[:50]], rng())(seen[rows[50:]])]


def of_projection(part: Any) -> list[Any]:
    sample = problem(60, 5, 4)
    a = attended(sample)
    assert sample.tokens is not None
    kept = part.fit(examples(output(a, sample.tokens), a, sample), rng())
    return [kept @ kept.T]  # the subspace: its basis has signs of its own


def of_mixing(part: Any) -> list[Any]:
    return [part.mixture(3, 5, 4, rng())]


def of_task(part: Any) -> list[Any]:
    dealt = part(5, rng())
    return [dealt.symbols, dealt.query, dealt.place, dealt.answer, dealt.position]


def of_model(part: Any) -> list[Any]:
    task = member("task", "associative_recall", n=4, symbols=4)
    seen = part.train(task, 1.0, 3)(task(5, rng()))
    return [seen.weights, seen.values, seen.answer]


CASES: dict[str, Callable[[Any], list[Any]]] = {
    "inputs": of_inputs,
    "weights": of_weights,
    "channel": of_channel,
    "collision": of_collision,
    "decoder": of_decoder,
    "probe": of_probe,
    "projection": of_projection,
    "mixing": of_mixing,
    "task": of_task,
    "model": of_model,
}
"""How a member of each config group is measured."""
SETTINGS: dict[str, dict[str, object]] = {
    "projection": {"width": 3},
    "model": {"steps": 4, "batch": 8, "d": 4},
}
NO_NUMBERS = ("exec", "experiment", "size")
"""Groups that make none."""


def names() -> list[str]:
    """`group=member` for every variant of every group."""
    groups = [path.name for path in sorted(CONF.iterdir()) if path.is_dir() and path.name not in NO_NUMBERS]
    return [f"{group}={name}" for group in groups for name in members(group)]


TINY = ("trials=2", "repeats=1", "seed=3")
FEW, FEWEST = ("inputs.n=5", "inputs.d=2"), ("samples=20", "probe=output_linear", "decoder=nearest_value")
CELL: dict[str, tuple[str, ...]] = {
    "audit": (f"inputs.path={heads_file(7, 3, 3)}", "inputs.layer=0", "inputs.head=1"),
    "alignment": (*FEW, "inputs.noise=0.1"),
    "asker": (*FEW, "inputs=gaussian", "collision.pairs=random"),
    "channel": (*FEWEST, "inputs=gaussian", "inputs.n=5", "inputs.d=2", "channel=noise", "channel.sigma=0.3"),
    "collision": (*FEW, "collision=radon"),
    "fibre": (*FEW, "weights.temperature=1"),
    "four_questions": (*FEW, "inputs=gaussian", "samples=20"),
    "heads": (*FEW, "mixing=square", "decoder=simplex"),
    "importance": (
        *FEW,
        "inputs=gaussian",
        "source=drawn",
        "weights.temperature=1",
        "reads=numbers",
        "removal=rest",
    ),
    "ladder": (*FEWEST, "inputs.n=5", "inputs.d=4"),
    "phase": (*FEW, "inputs=gaussian", "weights.support=1"),
    "probing": (*FEWEST, "inputs.n=5", "inputs.d=4"),
    "recovery": (*FEW, "decoder=nearest_value"),
    "spare": (*FEW, "inputs.e=1", "near=0.1", "starts=4", "rounded=1"),
    "training": (*FEWEST, "model.steps=2", "task.n=6"),
    "width": (*FEWEST, "inputs.n=5", "projection=random", "projection.width=2"),
}
"""What makes one cell of an experiment tiny: a few settings, a part or two that take no search."""


def experiments() -> list[str]:
    """`experiment=name` for every experiment."""
    return [f"experiment={name}" for name in members("experiment")]


def of_experiment(name: str) -> Numbers:
    """Versions and numbers of one tiny cell of an experiment; raises Unavailable where a library is missing."""
    configs = Configs()
    used = {*arguments(f"attnlab.experiments.{name}"), "repeats", "seed"}
    tiny = [word for word in TINY if word.partition("=")[0] in used]
    with initialize_config_dir(str(CONF), **BASE):
        (plan,) = plans(parse((f"experiment={name}", *tiny, *CELL[name]), configs), configs)
    cell = next(plan.blocks[0].cells())
    (row,) = cell.rows()
    return {
        "versions": dict(cell.versions),
        "numbers": [number for _, values in sorted(row.items()) for number in _digest(_plain(values))],
    }


def _plain(values: np.ndarray) -> np.ndarray:
    """A metric's trials as numbers; -1 where one has no value, so that the others count."""
    numbers = values.astype(np.float64)
    return np.where(np.isnan(numbers), -1.0, numbers)


def measured(name: str) -> Numbers:
    """Version and numbers of one variant or experiment; raises Unavailable where a library is missing."""
    group, _, choice = name.partition("=")
    if group == "experiment":
        return of_experiment(choice)
    part: Part = member(group, choice, **SETTINGS.get(group, {}))
    try:
        found = [_digest(array) for array in CASES[group](part) if array is not None]
    except Unavailable:
        raise
    except Declined as reason:
        return {"versions": {group: part.version}, "declined": str(reason)}
    return {"versions": {group: part.version}, "numbers": [number for pair in found for number in pair]}


def _digest(array: Any) -> tuple[float, float]:
    """Two numbers that no change of an entry, or of their order, leaves as they were."""
    flat = np.asarray(array, dtype=np.float64).ravel()
    return float(flat.mean()), float(flat @ np.cos(np.arange(flat.size)))


def same(one: Numbers, other: Numbers) -> bool:
    """Whether two measurements agree."""
    if set(one) != set(other) or one.get("declined") != other.get("declined"):
        return False
    if "declined" in one:
        return True
    near = SINGLE if "model" in one["versions"] else NEAR
    left, right = (np.array(found["numbers"], dtype=float) for found in (one, other))
    return left.shape == right.shape and bool(np.allclose(left, right, rtol=near, atol=near, equal_nan=True))


def stored() -> dict[str, Numbers]:
    """What the file holds."""
    return dict(json.loads(FILE.read_text())) if FILE.exists() else {}


def problem_with(name: str, found: Numbers, before: Mapping[str, Numbers]) -> str | None:
    """Why the file does not fit what was measured; None if it does."""
    again = "run `python tests/numbers_of.py`"
    if name not in before:
        return f"{name} has no numbers yet: {again}"
    if found["versions"] != before[name]["versions"]:
        return f"{name} has other versions than the file, {before[name]['versions']}: {again}"
    if not same(found, before[name]):
        return f"{name} gives other numbers at the same version: raise the version, {_of(name)}, then {again}"
    return None


def _of(name: str) -> str:
    group, _, choice = name.partition("=")
    if group == "experiment":
        return f"VERSION of experiments/{choice}.py"
    return f"`version` in the class of conf/{group}/{choice}.yaml"


def main() -> None:
    """Write the file anew."""
    before = stored()
    after: dict[str, Numbers] = {}
    refused: list[str] = []
    for name in (*names(), *experiments()):
        try:
            found = measured(name)
        except Unavailable as reason:
            print(f"{name}: kept, {reason}")
            after |= {name: before[name]} if name in before else {}
            continue
        told = problem_with(name, found, before)
        if told is not None and "same version" in told:
            refused.append(told)
            found = before[name]
        after[name] = before[name] if told is None else found
    FILE.write_text(json.dumps(after, indent=1, sort_keys=True) + "\n")
    if refused:
        sys.exit("\n".join(refused))


if __name__ == "__main__":
    main()
