"""The members of a wing, found through the yaml files of its config group: nobody lists names."""

from __future__ import annotations

import functools
import tempfile
from pathlib import Path
from typing import Any

import hydra
import numpy as np
from omegaconf import DictConfig, OmegaConf

from attnlab.attention import output
from attnlab.parts import Declined, Unavailable
from attnlab.probes.targets import Target, examples
from attnlab.shapes import Array, Examples, Sample

CONF = Path(__file__).parents[1] / "conf"


@functools.cache
def _members(group: str) -> tuple[str, ...]:
    found = sorted(path.stem for path in (CONF / group).glob("*.yaml"))
    assert found, f"no variants in conf/{group}"
    return tuple(name for name in found if group != "inputs" or _installed(name))


def members(group: str) -> list[str]:
    """The names of all variants of a config group; inputs only where what they read is installed."""
    return list(_members(group))


def _installed(name: str) -> bool:
    try:
        member("inputs", name)
    except hydra.errors.InstantiationException as error:
        if isinstance(error.__cause__, Unavailable):
            return False
        raise
    return True


def member(group: str, name: str, **settings: object) -> Any:
    """The part of that name, with these settings in place of its yaml's."""
    config = OmegaConf.load(CONF / group / f"{name}.yaml")
    assert isinstance(config, DictConfig)
    if {"path", "text"} & set(config):  # heads of a file, or of a model over a text: n, d and e are theirs
        sizes = {letter: settings.pop(letter) for letter in ("n", "d", "e") if letter in settings}
        if "path" in config:
            settings.setdefault("path", str(heads_file(**sizes)))
        else:
            n = sizes.get("n", 16)
            assert isinstance(n, int)
            settings = {"text": str(text_file()), "tokens": max(3, n), **settings}
    unknown = set(settings) - set(config)
    assert not unknown, f"{group}={name} has no setting {unknown}"
    return hydra.utils.instantiate(OmegaConf.merge(config, settings))


def drawn_weights() -> list[str]:
    """The weights that inputs of any kind can carry: all but those that come with some inputs alone."""
    sample = member("inputs", "gaussian")(2, np.random.default_rng(0))

    def carried(name: str) -> bool:
        try:
            member("weights", name)(sample, np.random.default_rng(0))
        except Declined:
            return False
        return True

    return [name for name in members("weights") if carried(name)]


@functools.cache
def heads_file(n: int = 16, d: int = 8, e: int = 8) -> Path:
    """A file of 3 layers of 2 Gaussian heads, which lasts as long as the tests."""
    draw = np.random.default_rng([n, d, e]).standard_normal
    path = Path(_folder().name) / f"heads_{n}_{d}_{e}.npz"
    np.savez(path, queries=draw((3, 2, n, e)), keys=draw((3, 2, n, e)), values=draw((3, 2, n, d)))
    return path


@functools.cache
def text_file() -> Path:
    """A text that no version of Python changes."""
    path = Path(_folder().name) / "text.txt"
    path.write_text(
        "I love sushi, and the next layer has the words, the sum and no mapping between them. " * 9
    )
    return path


@functools.cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory()


def exact_examples(weights: Array, sample: Sample, target: Target = "weight") -> Examples:
    """What a probe may learn from where nothing lies between the sum and its reader."""
    return examples(output(weights, sample.values), weights, sample, target)
