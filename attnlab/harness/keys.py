"""Keys of an experiment's yaml in a refusal: as they are typed, on the command line or in that file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from omegaconf import DictConfig, ListConfig, OmegaConf

from attnlab.harness.overrides import SHORT
from attnlab.parts import SettingError, SettingErrors, among

OF = "experiment."
"""Where they lie in the whole config, under the heading of that name in the file."""
KEYS = ("module", "title", "grids", "figures")
NEEDED = {
    "module": "the name of a module that has a trial",
    "grids": "grids by their size, each `size: {block: {...}}`",
}


def require_keys(config: DictConfig) -> None:
    """Raise SettingError for keys that an experiment's yaml has and nothing reads, and for what is no name."""
    known = config.experiment
    for key in map(str, known):
        if key not in KEYS:
            raise SettingError(f"{OF}{key}", known[key], among(key, KEYS, "a key of an experiment"))
    for key in SHORT:
        if key in config:
            raise SettingError(key, config[key], "it under `experiment:`")
    for key, wanted in NEEDED.items():
        if OmegaConf.is_missing(known, key):
            raise SettingError(f"{OF}{key}", "???", wanted)
    if not isinstance(known.module, str):
        raise SettingError(f"{OF}module", known.module, NEEDED["module"])
    if isinstance(known.title, DictConfig | ListConfig):
        raise SettingError(f"{OF}title", known.title, "a few words")


def in_file(
    error: SettingError | SettingErrors, composed: Iterable[str], name: str
) -> SettingError | SettingErrors:
    """A refusal whose keys are those of the experiment's file, where the command line does not give them.

    composed: the words of the command line, keys in full.
    """
    given = [word.lstrip("+").partition("=")[0] for word in composed]

    def told(problem: SettingError) -> SettingError:
        if not problem.setting.startswith(OF) or any(_is_within(problem.setting, key) for key in given):
            return problem
        return own_key(problem, name)

    return _each(error, told)


def own_key(problem: SettingError, name: str) -> SettingError:
    """One refusal by the key of the experiment's file, which it names."""
    allowed = f"in experiment/{name}.yaml {problem.allowed}"
    return SettingError(problem.setting.removeprefix(OF), problem.value, allowed)


@contextmanager
def as_typed(words: Iterable[str]) -> Iterator[None]:
    """What is refused meanwhile is named as it was typed on the command line, in short or in full: these words."""
    typed = {word.lstrip("+").partition("=")[0] for word in words}

    def told(problem: SettingError) -> SettingError:
        for short, full in SHORT.items():
            if short in typed and _is_within(problem.setting, full):
                return SettingError(
                    short + problem.setting.removeprefix(full), problem.value, problem.allowed
                )
        return problem

    try:
        yield
    except (SettingError, SettingErrors) as error:
        raise _each(error, told) from error


def _is_within(setting: str, key: str) -> bool:
    return setting == key or setting.startswith((f"{key}.", f"{key}["))


def _each(
    error: SettingError | SettingErrors, told: Callable[[SettingError], SettingError]
) -> SettingError | SettingErrors:
    """The refusal, one or several as it was, with what is told of each."""
    return SettingErrors(list(map(told, error.problems))) if isinstance(error, SettingErrors) else told(error)
