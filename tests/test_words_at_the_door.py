"""Words that cannot be meant as they stand: a key given twice, bytes that are no text."""

from __future__ import annotations

import os

import pytest
from conftest import Lab


@pytest.mark.parametrize(
    ("words", "says", "silent"),
    [
        (("decoder=simplex", "decoder=nearest_value"), "for all: decoder=simplex,nearest_value", "mean"),
        (("decoder=simplex", "decoder=nearest_valeu"), "did you mean nearest_value", "for all"),
        (("action=plan", "action=status"), "one of them", "for all"),
        (("study=a", "study=b"), "one of them", "for all"),
        (("exec=local", "exec=sreial"), "did you mean serial", "for all"),
        (("inputs.n=8", "inputs.n=16,32"), "for all: inputs.n=8,16,32", "mean"),
    ],
)
def test_a_key_given_twice_is_advised_nothing_that_would_be_refused(
    lab: Lab, words: tuple[str, ...], says: str, silent: str
) -> None:
    answer = lab("experiment=recovery", *words)
    assert answer.code == 2 and "one of them" in answer.err and says in answer.err
    assert silent not in answer.err.partition("you typed")[0]


@pytest.mark.parametrize("key", ["study", "level", "experiment", "figures", "exec", "le\udcffvel"])
def test_bytes_that_are_no_text_are_refused_but_in_the_folder_of_results(lab: Lab, key: str) -> None:
    answer = lab("experiment=noop", f"{key}={os.fsdecode(b'a' + bytes([255]) + b'b')}")
    assert answer.code == 2 and "text in UTF-8" in answer.err and not lab.results.exists()


def test_a_list_whose_quotes_the_shell_took_is_told_with_both_kinds(lab: Lab) -> None:
    """`exec.sbatch=["--account=abc"]` arrives without them; what is advised is taken."""
    words = ("experiment=noop", "level=0", "inputs.n=4", "exec=slurm", "action=plan")
    answer = lab(*words, "exec.sbatch=[--account=abc,--qos=low]")
    advised = 'exec.sbatch=["--account=abc","--qos=low"]'
    assert answer.code == 2 and f"'{advised}'" in answer.err
    assert lab(*words, advised).code == 0
    refused = lab(*words, "exec.sbatch=[account]")
    assert refused.code == 2 and """'exec.sbatch=["--account=abc"]'""" in refused.err
