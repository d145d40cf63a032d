"""Public calls given what is none of what they ask for say so in a ValueError; nothing asked is nothing given."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import attnlab
from attnlab.report.drawing import Drawing

SQUARE = [[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]
EVEN = [0.25] * 4


@pytest.mark.parametrize("given", [None, 3, b"bytes", ["results"], True])
@pytest.mark.parametrize(
    "call",
    [
        attnlab.load,
        attnlab.studies,
        lambda given: attnlab.run("recovery", config_dir=[given]),
        Drawing("t", "c", {".svg": b""}).save,
    ],
)
def test_what_is_no_path_is_refused(call: Callable[[object], object], given: object) -> None:
    with pytest.raises(ValueError, match="as a path, got"):
        call(given)


@pytest.mark.parametrize("given", [None, 3])
def test_what_is_no_folder_of_results_or_of_configs_is_refused(given: object) -> None:
    with pytest.raises(ValueError, match="config_dir as a path, got"):
        attnlab.run("recovery", config_dir=given)  # type: ignore[arg-type]
    if given is not None:
        with pytest.raises(ValueError, match="results as a path, got"):
            attnlab.run("recovery", results=given)  # type: ignore[arg-type]


@pytest.mark.parametrize("given", ["yes", "", 1, 0, None, [True]])
def test_a_truth_value_is_true_or_false(given: object) -> None:
    """For every public function that has one."""
    flags: list[tuple[str, Callable[..., object]]] = [
        ("other_top", lambda **flag: attnlab.expected_rivals([1.0], [[0.0], [1.0]], **flag)),
        ("sum_constraint", lambda **flag: attnlab.effective_attention(EVEN, SQUARE, **flag)),
        ("density", lambda **flag: attnlab.softmax_rivals(EVEN, SQUARE, SQUARE, **flag)),
    ]
    for name, call in flags:
        with pytest.raises(ValueError, match=f"expected {name} True or False, got"):
            call(**{name: given})
        call(**{name: np.True_})


def test_every_public_truth_value_is_among_these() -> None:
    source = Path(__file__).read_text()
    for name in attnlab.__all__:
        for parameter in getattr(getattr(attnlab, name), "__kwdefaults__", None) or {}:
            default = getattr(attnlab, name).__kwdefaults__[parameter]
            assert not isinstance(default, bool) or f'("{parameter}", ' in source, (name, parameter)


@pytest.mark.parametrize("none", [[], np.empty(0), np.empty((2, 0)), np.empty(0, dtype=bool)])
def test_no_positions_have_no_intervals(none: object) -> None:
    weights = [EVEN, EVEN]
    assert attnlab.fibre_intervals(weights, SQUARE, positions=none).shape == (2, 0, 2)  # type: ignore[arg-type]
    assert attnlab.fibre_intervals(np.empty((0, 4)), SQUARE, positions=[]).shape == (0, 0, 2)
