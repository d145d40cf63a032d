"""Text that looks like a number, like null or like true: one rule and one sentence wherever a setting is text."""

from __future__ import annotations

import json
from typing import Literal

import pytest
from conftest import Lab

from attnlab.parts import DataFile, refusal

READ: list[tuple[object, str]] = [
    (None, "null"),
    (True, "true"),
    (False, "false"),
    (float("nan"), "a number"),
    (1e3, "a number"),
    (7, "a number"),
]
HINT = '; without quotes it is read as {}: type \'"{}"\' (in yaml "{}")'


@pytest.mark.parametrize(("value", "read"), READ)
def test_every_kind_of_text_says_the_same(value: object, read: str) -> None:
    word = read if read != "a number" else "nan" if value != value else "..."  # 1000.0 may have been 1e3
    hint = HINT.format(read, word, word)
    for kind, wanted in ((str, "text"), (DataFile, "text that names a file that can be read")):
        assert refusal(kind, value) == wanted + hint
    if value is not None:
        assert refusal(str | None, value) == "text or null" + hint


@pytest.mark.parametrize(
    ("value", "read", "text"),
    [
        (None, "null", "null"), (True, "true", "yes"), (False, "false", "off"), (float("nan"), "a number", "nan"),
        (1000.0, "a number", "1e3"), (1000, "a number", "1e3"), (7, "a number", "007"),
    ],
)  # fmt: skip
def test_a_choice_that_needs_quotes_is_named(value: object, read: str, text: str) -> None:
    kind = Literal["mean", "null", "yes", "off", "nan", "1e3", "007"]
    assert refusal(kind, value) == f"the text {text}" + HINT.format(read, text, text)
    assert refusal(kind, text) is None


def test_other_values_have_no_hint() -> None:
    assert refusal(str, [1]) == "text"
    assert refusal(Literal["mean", "sum"], float("nan")) == "one of mean, sum"
    assert refusal(Literal["mean", "sum"], 1) == "one of mean, sum"
    assert refusal(int, None) == "an integer" and refusal(float, True) == "a finite number"


DECODER = """
from dataclasses import dataclass
from typing import Literal

from attnlab.decoders.base import Decoder, estimate


@dataclass(frozen=True)
class Even(Decoder):
    how: Literal["mean", "nan", "1e3", "null", "yes"] = "mean"

    def __call__(self, outputs, sample):
        return estimate(sample.mask / sample.mask.sum(axis=1, keepdims=True), outputs, sample)
"""
RECOVERY = ("experiment=recovery", "decoder=even", "weights=hard", "inputs.n=8", "exec=serial", "trials=4")


@pytest.mark.parametrize(
    ("typed", "text", "read"),
    [("nan", "nan", "a number"), ("1e3", "1e3", "a number"), ("null", "null", "null")],
)
def test_on_the_command_line_the_hint_can_be_typed(lab: Lab, typed: str, text: str, read: str) -> None:
    (lab.folder / "mine" / "decoder").mkdir()
    (lab.folder / "mine" / "even_guess.py").write_text(DECODER)
    (lab.folder / "mine" / "decoder" / "even.yaml").write_text("_target_: even_guess.Even\nhow: mean\n")
    answer = lab(*RECOVERY, f"decoder.how={typed}")
    assert answer.code == 2 and "decoder.how = " in answer.err
    assert f"expected the text {text}{HINT.format(read, text, text)}\n" in answer.err
    assert not lab.results.exists()
    answer = lab(*RECOVERY, f'decoder.how="{text}"')  # as a shell hands it on
    assert answer.code == 0, answer.err


def test_in_yaml_as_well(lab: Lab) -> None:
    (lab.folder / "mine" / "decoder").mkdir()
    (lab.folder / "mine" / "even_guess.py").write_text(DECODER)
    path = lab.folder / "mine" / "decoder" / "even.yaml"
    path.write_text("_target_: even_guess.Even\nhow: yes\n")
    answer = lab(*RECOVERY)
    assert answer.code == 2 and f"expected the text yes{HINT.format('true', 'yes', 'yes')}\n" in answer.err
    path.write_text('_target_: even_guess.Even\nhow: "yes"\n')
    assert lab(*RECOVERY).code == 0


@pytest.mark.parametrize("name", ["2026_11", "007", "1e3", "nan", "true", "1.50"])
def test_a_study_is_called_as_it_is_typed(lab: Lab, name: str) -> None:
    """Hydra reads 2026_11 as 202611: a folder nobody asked for."""
    small = ("experiment=noop", "exec=serial", "level=1", "inputs.n=4")
    assert lab(*small, f"study={name}").code == 0
    assert [path.name for path in lab.results.iterdir() if path.is_dir()] == [name]
    assert lab("action=show", f"study={name}").out.startswith(f"{name}: 1 done")
    assert lab(*small, "study=other", "seed=1").code == 0
    assert lab("action=compare", f"a={name}", "b=other").out.startswith(f"{name} and other have")


def test_a_key_that_looks_like_a_power_of_ten_is_a_key(lab: Lab) -> None:
    assert lab("experiment=noop", "exec=serial", "level=1", "inputs.n=4").code == 0
    (path,) = (lab.results / "noop" / "cells").glob("??/*.json")
    key = "7e10" + path.stem[4:]
    other = lab.results / "noop" / "cells" / "7e" / f"{key}.json"
    other.parent.mkdir(exist_ok=True)
    other.write_text(json.dumps({**json.loads(path.read_text()), "key": key}))
    answer = lab("action=show", "key=7e10")
    assert answer.code == 0 and json.loads(answer.out)["key"] == key
