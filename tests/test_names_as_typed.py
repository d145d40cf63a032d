"""Names of studies and folders that Hydra's grammar does not know are text as they are typed."""

from __future__ import annotations

import pytest
from conftest import Lab

SMALL = ("experiment=noop", "exec=serial", "level=1", "inputs.n=4")


@pytest.mark.parametrize("name", ["été", "<b>", "x(1)", "a&b; c", "研究"])
def test_a_study_is_called_as_it_is_typed(lab: Lab, name: str) -> None:
    answer = lab(*SMALL, f"study={name}")
    assert answer.code == 0, answer.err
    assert [path.name for path in lab.results.iterdir() if path.is_dir()] == [name]
    assert "1 already there, 0 to run" in lab(*SMALL, f"study='{name}'").err  # quotes change nothing
    assert lab("action=show", f"study={name}").out.startswith(f"{name}: 1 done")
    assert lab(*SMALL, "study=other", "seed=1").code == 0
    assert lab("action=compare", f"a={name}", "b=other").out.startswith(f"{name} and other have")


@pytest.mark.parametrize("value", ["été,b", "été'", 'é"', "é${x}", "é`ls`"])
def test_what_could_mean_more_than_a_name_is_still_refused(lab: Lab, value: str) -> None:
    answer = lab(*SMALL, f"study={value}")
    grammar, quotes = "expected a value in Hydra's grammar", "expected text in which no "
    assert answer.code == 2 and (grammar if "," in value else quotes) in answer.err
    assert not lab.results.exists()


def test_a_setting_of_a_part_is_no_name(lab: Lab) -> None:
    """There a word that cannot be read may be a number or a list that was meant."""
    assert "as text, in quotes" in lab(*SMALL, "decoder.how=été").err
