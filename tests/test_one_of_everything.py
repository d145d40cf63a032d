"""A researcher who has the documentation alone: each slip in a part of one's own is told."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import Lab

import attnlab

HEAD = """from dataclasses import dataclass

import numpy as np

from attnlab.decoders.base import Decoder, estimate
from attnlab.weights.base import Weights


"""
CALL = """
    def __call__(self, outputs, sample):
        raw = np.zeros(sample.mask.shape)
        raw[:, {}] = 1.0
        return estimate(raw, outputs, sample)
"""
FROZEN = "@dataclass(frozen=True)\n"
RUN = ("experiment=recovery", "inputs.n=4", "weights=hard", "trials=4", "repeats=1", "exec=serial")


def put(folder: Path, module: str, body: str, yaml: str, group: str = "decoder", choice: str = "it") -> None:
    """A module in a folder, and a yaml of a group that names something in it."""
    (folder / group).mkdir(parents=True, exist_ok=True)
    (folder / f"{module}.py").write_text(HEAD + body)
    (folder / group / f"{choice}.yaml").write_text(yaml)


@pytest.mark.parametrize(
    ("body", "yaml", "told"),
    [
        ("@dataclass\nclass It(Decoder):" + CALL.format(0), "_target_: slip.It\n", "mine/slip.py, line 9"),
        ("import a_library_there_is_not\n", "_target_: slip.It\n", "mine/slip.py, line 9"),
        (
            "class It(Decoder):\n    width: float = 1.0\n" + CALL.format(0),
            "_target_: slip.It\nwidth: 2.0\n",
            "write @dataclass(frozen=True) above the class",
        ),
        (
            FROZEN + "class It(Decoder):\n    width: float = 1.0\n",
            "_target_: slip.It\n",
            "a class with __call__",
        ),
        (FROZEN + "class It:" + CALL.format(0), "_target_: slip.It\n", "no other kind than Decoder"),
        ("", "", "a Decoder, which a yaml of its group describes: `_target_: module.Class`"),
        ("", "width: 2.0\n", "a Decoder, which a yaml of its group describes: `_target_: module.Class`"),
    ],
    ids=["not frozen", "library", "no dataclass", "abstract", "no part", "empty", "no target"],
)
def test_a_slip_is_told_with_its_line_or_its_remedy(lab: Lab, body: str, yaml: str, told: str) -> None:
    put(lab.folder / "mine", "slip", body, yaml)
    answer = lab(*RUN, "decoder=it")
    assert answer.code == 2 and told in answer.err, answer.err
    assert not lab.results.exists()


@pytest.mark.parametrize("inside", ["hard", "{_target_: attnlab.weights.hard.Hard}"])
def test_a_part_within_a_part_is_refused_with_the_way_there_is(lab: Lab, inside: str) -> None:
    body = (
        FROZEN
        + "class It(Weights):\n    other: Weights\n\n    def __call__(self, sample, rng):\n        return None\n"
    )
    put(lab.folder / "mine", "slip", body, f"_target_: slip.It\nother: {inside}\n", "weights")
    words = [word for word in RUN if not word.startswith("weights=")]
    answer = lab(*words, "weights=it", "decoder=simplex", "weights.deep.er=1")
    assert answer.code == 2 and "let the setting be a Literal of names" in answer.err
    assert "uses \n" not in answer.err, "a list of nothing"


@pytest.mark.parametrize("name", ["7", "true", "null", "nan", "1e3"])
def test_a_choice_that_reads_as_something_else_is_told_with_its_quotes(lab: Lab, name: str) -> None:
    put(
        lab.folder / "mine",
        "slip",
        FROZEN + "class It(Decoder):" + CALL.format(0),
        "_target_: slip.It\n",
        choice=name,
    )
    answer = lab(*RUN, f"decoder={name}")
    assert answer.code == 2 and f"type '\"{name}\"'" in answer.err, answer.err
    assert lab(*RUN, f'decoder="{name}"').code == 0


def test_two_modules_of_one_name_are_refused_where_one_is_meant(tmp_path: Path) -> None:
    """Else the choice of the one folder would measure the code of the other."""
    for place, column in (("one", 0), ("other", 1)):
        body = FROZEN + "class It(Decoder):" + CALL.format(column)
        put(tmp_path / place, "shared", body, "_target_: shared.It\n", choice=place)
    folders = [tmp_path / "one", tmp_path / "other"]
    for choice in ("one", "other"):
        with pytest.raises(ValueError, match=r"one.shared\.py and .*other.shared\.py: rename one"):
            attnlab.run(
                "recovery",
                "inputs.n=4",
                decoder=choice,
                weights="hard",
                config_dir=folders,
                results=tmp_path / "r",
            )
    assert not (tmp_path / "r").exists()


def test_a_module_with_attnlabs_own_name_is_told_to_be_renamed(lab: Lab) -> None:
    put(
        lab.folder / "mine",
        "attnlab",
        FROZEN + "class It(Decoder):" + CALL.format(0),
        "_target_: attnlab.It\n",
    )
    answer = lab(*RUN, "decoder=it")
    assert answer.code == 2 and "mine/attnlab.py is not read" in answer.err and "rename it" in answer.err


@pytest.mark.parametrize("word", [5, None, ["inputs.n=8"]])
def test_overrides_that_are_no_words_are_refused(word: object, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="words such as"):
        attnlab.run("recovery", word, results=tmp_path)  # type: ignore[arg-type]
