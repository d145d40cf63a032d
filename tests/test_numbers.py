"""Versions follow the numbers: what a variant gives on a tiny case is written down beside its version."""

from __future__ import annotations

import pytest
from members import CONF
from numbers_of import CASES, NO_NUMBERS, Numbers, experiments, measured, names, problem_with, same, stored

from attnlab.parts import Unavailable

BEFORE = stored()


@pytest.mark.parametrize("name", names())
def test_changed_numbers_have_a_raised_version(name: str) -> None:
    try:
        found = measured(name)
    except Unavailable as reason:
        pytest.skip(str(reason))
    told = problem_with(name, found, BEFORE)
    assert told is None, told


def test_no_member_is_left_in_the_file_that_is_gone() -> None:
    yamls = {f"{path.parent.name}={path.stem}" for path in CONF.glob("*/*.yaml")}
    assert set(BEFORE) <= {*yamls, *experiments()}


def test_every_group_of_parts_has_a_case() -> None:
    groups = {path.name for path in CONF.iterdir() if path.is_dir()}
    assert groups - set(NO_NUMBERS) == set(CASES)


def test_a_change_is_seen() -> None:
    """In a sign, in one entry of many, and in a version."""
    found: Numbers = {"versions": {"decoder": 1}, "numbers": [0.5, -0.25]}
    for numbers in ([0.5, 0.25], [0.5, -0.25 + 3e-6], [0.5]):
        changed = {**found, "numbers": numbers}
        assert not same(found, changed)
        assert "raise the version" in str(problem_with("decoder=x", changed, {"decoder=x": found}))
    assert same(found, {**found, "numbers": [0.5 + 1e-9, -0.25]})
    raised = {**found, "versions": {"decoder": 2}}
    assert "other versions" in str(problem_with("decoder=x", raised, {"decoder=x": found}))
    assert "no numbers yet" in str(problem_with("decoder=y", found, {"decoder=x": found}))
    assert problem_with("decoder=x", found, {"decoder=x": found}) is None
