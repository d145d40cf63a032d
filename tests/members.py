"""The members of a wing, found through the yaml files of its config group: nobody lists names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import hydra
from omegaconf import DictConfig, OmegaConf

from attnlab.attention import output
from attnlab.probes.targets import Target, examples
from attnlab.shapes import Array, Examples, Sample

CONF = Path(__file__).parents[1] / "conf"


def members(group: str) -> list[str]:
    """The names of all variants of a config group."""
    found = sorted(path.stem for path in (CONF / group).glob("*.yaml"))
    assert found, f"no variants in conf/{group}"
    return found


def member(group: str, name: str, **settings: object) -> Any:
    """The part of that name, with these settings in place of its yaml's."""
    config = OmegaConf.load(CONF / group / f"{name}.yaml")
    assert isinstance(config, DictConfig)
    unknown = set(settings) - set(config)
    assert not unknown, f"{group}={name} has no setting {unknown}"
    return hydra.utils.instantiate(OmegaConf.merge(config, settings))


def exact_examples(weights: Array, sample: Sample, target: Target = "weight") -> Examples:
    """What a probe may learn from where nothing lies between the sum and its reader."""
    return examples(output(weights, sample.values), weights, sample, target)
