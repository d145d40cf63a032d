"""Interpolations follow the leaves of the cell, however they name them: as OmegaConf resolves the whole config."""

from __future__ import annotations

import itertools

import pytest
from omegaconf import OmegaConf

from attnlab.harness.composition import Template

CONFIG = {"part": {"n": 4, "d": 2, "e": 0, "name": "d"}, "other": {"k": 1, "f": 0}, "top": 7, "n": 5}
TEXTS = (
    {"part.e": "${.d}"},
    {"part.e": "${part.n}"},
    {"part.e": "${n}"},
    {"part.e": "${.${.name}}"},
    {"part.e": "${oc.select:.n}"},
    {"part.e": "${other.f}", "other.f": "${..part.d}"},
    {"other.f": "${top}", "part.e": "${other}"},
    {"part.name": "x-${part.n}-${other.k}"},
    {"top": "${n}"},
)


@pytest.mark.parametrize("texts", TEXTS, ids=str)
def test_a_filled_config_is_the_resolved_one(texts: dict[str, str]) -> None:
    template = Template(CONFIG, {})
    axes = {"part.n": (1, 2), "part.d": (8, 9), "other.k": (3, 4), "n": (6, 7), "part.name": ("n", "d")}
    for values in itertools.product(*axes.values()):
        leaves = {**dict(zip(axes, values, strict=True)), **texts}
        plain = OmegaConf.create(CONFIG)
        for key, value in leaves.items():
            OmegaConf.update(plain, key, value)
        assert template.fill(leaves) == OmegaConf.to_container(plain, resolve=True)
