"""A small grid of the studies of Q1 to Q3, run in one process and printed as JSON: for test_same_rates."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator
from typing import Any

import numpy as np
from members import member, members

from attnlab.seeds import Streams
from experiments import alignment, asker, collision, fibre, phase, recovery

TRIALS = 30
FEWER = {"reachable": {"starts": 4}, "farthest": {"starts": 4}}
SEARCHED = {"softmax_c": 0.01}
"""Where a search stopped, a bound from below: paths through nearly singular pairs part at the last digit, so its
mean is the same to this alone. What is counted of it is confirmed, and is the same exactly."""
AT_INFINITY = {"recovery duplicated softmax_inverse Hard": 1e-5}
"""A query at infinity shares the weight of a value between two positions that have it. Where its search ends, 1e-9
from the output, the weights that tell the two apart are as small, and their share is good to 5 digits or so."""


def cells() -> Iterator[tuple[str, Any, dict[str, Any]]]:
    """Name, experiment and parts of every cell."""
    kinds = ("gaussian", "duplicated", "positional", "orthogonal")
    values = {name: member("inputs", name, n=14, d=4, e=4) for name in kinds}
    softmax = member("weights", "softmax", temperature=0.5)
    for name in members("collision"):
        part = member("collision", name, **FEWER.get(name, {}))
        for kind in ("gaussian", "duplicated"):
            parts = {"inputs": values[kind], "weights": softmax, "collision": part}
            yield f"collision {name} {kind}", collision, parts
    for kind in kinds:
        for pairs in ("random", "closest", "attended"):
            part = member("collision", "extreme", pairs=pairs)
            parts = {"inputs": values[kind], "collision": part, "queries": 4, "sizes": 100}
            yield f"asker {kind} {pairs}", asker, parts
        weights = member("weights", "uniform_support", support=2)
        yield f"phase {kind}", phase, {"inputs": values[kind], "weights": weights}
        yield f"fibre {kind}", fibre, {"inputs": values[kind], "weights": softmax}
        for name in members("decoder"):
            for weights in (softmax, member("weights", "hard")):
                parts = {"inputs": values[kind], "weights": weights, "decoder": member("decoder", name)}
                parts["channel"] = member("channel", "exact")
                yield f"recovery {kind} {name} {type(weights).__name__}", recovery, parts
    tied = member("inputs", "tied", n=14, d=4, e=4, noise=0.5)
    yield "alignment", alignment, {"inputs": tied, "weights": softmax}


def summary(row: dict[str, Any]) -> dict[str, list[Any]]:
    """Of every metric its kind and its mean, without the trials that have no value."""
    found = {}
    for metric, numbers in row.items():
        values = np.asarray(numbers)
        kind = "rate" if values.dtype == bool else "mean"
        some = values[~np.isnan(values.astype(float))].astype(float)
        found[metric] = [kind, float(some.mean()) if some.size else None, int(some.size)]
    return found


def main() -> None:
    """Print the whole grid."""
    answers = {}
    for name, experiment, parts in cells():
        known = inspect.signature(experiment.trial).parameters
        chosen = {key: part for key, part in parts.items() if key in known}
        answers[name] = summary(experiment.trial(**chosen, trials=TRIALS, rng=Streams(0)))
    print(json.dumps(answers, sort_keys=True))


if __name__ == "__main__":
    main()
