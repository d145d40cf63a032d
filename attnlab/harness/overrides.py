"""A command line in Hydra's grammar, sorted into what Hydra composes and the axes that are swept."""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Literal

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Glob, Override
from hydra.errors import HydraException

from attnlab.harness.composition import Share
from attnlab.harness.configs import Configs
from attnlab.harness.quoting import QUOTING, quoted
from attnlab.parts import SettingError, SettingErrors, nearest, refusal

RUNNING = ("action", "results", "exec", "experiment", "force", "key", "a", "b", "keep_trials")
"""Keys that say what to do, where and how: a report's command does not repeat them."""
LAUNCH = (*RUNNING, "study", "size")
"""Keys that say how and where to run; they are no axes and no part of a cell's identity."""
TEXTS = ("results", "study", "key", "a", "b")
"""Those whose value is text, whatever it looks like: study=2026_11 is no number, and key=7e10 no power of ten."""
SHORT = {"figures": "experiment.figures"}
"""Short names of settings, as they are typed, and where they are."""
MOST_VALUES = 1_000_000
"""Values of one key. More would not be planned in any case, and a range may have no end."""
FIGURES = "a list of figures, each `{name: ..., kind: ...}`"
INSTEAD = {
    "searchpath": "folders of configs and modules are given by --config-dir DIR",
    ".dir": "everything is written under results=DIR, a sweep of its own name by study=NAME",
    "subdir": "everything is written under results=DIR, a sweep of its own name by study=NAME",
    "chdir": "the command stays in the folder it is called from; results=DIR says where it writes",
    "launcher": "cells are run by exec=local, serial, slurm or dask, whose settings are exec.*",
    "sweeper": "the grid is expanded without a sweeper; exec.* says how cells are run",
    "mode": "every command is a sweep",
    "log": "the log of a run is in results/<study>/runs/",
    "": "attnlab expands, runs and records the cells itself, and this has no effect on them",
}
"""What to use instead of Hydra's own settings, by a part of their keys."""


@dataclass(frozen=True)
class Axis:
    """One key and the values it takes; `group` if they choose between config files; first: one as it is typed."""

    key: str
    values: tuple[Any, ...]
    group: bool
    first: str = ""


@dataclass(frozen=True)
class Command:
    """A command line, sorted: `composed` goes to Hydra as it is, `axes` are expanded here."""

    experiments: tuple[str, ...]
    composed: tuple[str, ...]
    axes: tuple[Axis, ...] = field(default=())


def parse(arguments: Sequence[str], configs: Configs, actions: Sequence[str] = ()) -> Command:
    """Sort the overrides of a command line. actions: their names, which a lone word may mean.

    Raises SettingErrors for words that are no overrides, for a key that is given twice, for settings of Hydra
    that have no effect here, and for choices there are not.
    """
    overrides = _overrides(arguments, configs, actions)
    composed: list[str] = []
    axes: dict[str, Axis] = {}
    experiments = configs.options("experiment")
    for override in overrides:
        key, line = str(override.key_or_group), str(override.input_line)
        if (key in SHORT or key in SHORT.values()) and isinstance(override.value(), dict):
            raise SettingError(key, override.value(), FIGURES)
        if key == "experiment":
            experiments = tuple(dict.fromkeys(map(str, axis(override, configs).values)))
        elif key.split(".")[0] in LAUNCH or override.is_delete() or override.package is not None:
            _require_one(override, configs)
            as_typed = key in TEXTS and isinstance(override.value(), bool | int | float)
            composed.append(f"{key}='{_text(line)}'" if as_typed else line)
        elif key in SHORT:
            composed.append(f"{SHORT[key]}={_text(line)}")
        else:
            axes[key] = axis(override, configs)
            if override.is_add() or override.is_force_add():
                composed.append(f"{override.get_key_element()}={axes[key].first}")
    return Command(experiments, tuple(composed), tuple(axes.values()))


@functools.cache
def _parser() -> OverridesParser:
    """Hydra's parser of overrides, with its functions (range, choice, glob, ...)."""
    return OverridesParser.create()


def _override(word: str) -> Override:
    """One word as an override. A name that is no value in Hydra's grammar (study=été) is text as it is typed."""
    try:
        return _parser().parse_override(word)
    except HydraException:
        key, _, value = word.partition("=")
        if key not in TEXTS or not value or set(value) & set(QUOTING + ","):
            raise
        return _parser().parse_override(f"{key}='{value}'")


def _readable(word: str) -> str:
    """The word itself. Raises SettingErrors for one with what no table could hold: bytes that are no text, a NUL.

    A folder of results may have any name.
    """
    key, _, value = word.partition("=")
    if "\0" in word:
        wanted = "text without a NUL character"
    elif key != "results" and word != word.encode(errors="replace").decode():
        wanted = "text in UTF-8"
    else:
        return word
    shown = word.encode(errors="backslashreplace").decode().replace("\0", r"\x00")
    key, _, value = shown.partition("=")
    raise SettingErrors([SettingError(key, value, wanted)])


def _overrides(arguments: Sequence[str], configs: Configs, actions: Sequence[str]) -> list[Override]:
    """The words as overrides. Raises SettingErrors for all of them that are none, or of no effect."""
    found, problems = [], []
    for word in arguments:
        try:
            override = _override(_readable(word))
        except HydraException as error:
            problems.append(_no_override(word, error, configs, actions))
            continue
        if not override.key_or_group:
            problems.append(SettingError(word, None, "key=value"))
        elif override.is_hydra_override():
            problems.append(_hydras(override))
        found.append(override)
    keys = [(str(override.key_or_group), override.package) for override in found]
    for twice in [key for key in dict.fromkeys(keys) if keys.count(key) > 1]:
        given = [one for one, key in zip(found, keys, strict=True) if key == twice]
        problems += _given_twice(twice[0], given, configs)
    if problems:
        raise SettingErrors(problems)
    return found


def _given_twice(key: str, given: Sequence[Override], configs: Configs) -> Iterator[SettingError]:
    """The refusal of a key that is given more than once, and of each of its values that there is not."""
    refused = []
    for override in given:
        try:
            axis(override, configs)
        except SettingError as error:
            refused.append(error)
    said = [_text(str(override.input_line)) for override in given]
    swept = not refused and key.split(".")[0] not in LAUNCH
    every = f"; for all: {key}={','.join(dict.fromkeys(said))}" if swept else ""
    yield from refused
    yield SettingError(key, " and ".join(said), f"one of them{every}")


def _text(line: str) -> str:
    """What stands behind the first equals sign."""
    return line.partition("=")[2]


def _no_override(word: str, error: HydraException, configs: Configs, actions: Sequence[str]) -> SettingError:
    """The refusal of a word that is no `key=value`, with what it may have meant."""
    key, given, value = word.partition("=")
    if key in TEXTS and set(value) & set(
        QUOTING
    ):  # Hydra may stumble sooner, over a letter that text may hold
        return SettingError(key, value, quoted(key, value))
    if given and key.strip("+~"):
        reason = str(error).splitlines()[0]
        allowed = f"a value in Hydra's grammar: 8  8,16  range(2,8)  [1,2]  text ({reason})"
        if value[:1] + value[-1:] == "[]" and not set(value) & set(QUOTING):
            texts = ",".join(f'"{text.strip()}"' for text in value[1:-1].split(","))
            allowed += f"\nas a list of texts, in quotes of Hydra's and of the shell's: '{key}=[{texts}]'"
        elif value and not set(value) & set(QUOTING):
            allowed += f"\nas text, in quotes of Hydra's and of the shell's: \"{key}='{value}'\""
        return SettingError(key, value, allowed)
    homes = {f"action={name}": name for name in actions}
    homes |= {f"{group}={name}": name for group in configs.groups() for name in configs.options(group)}
    meant = [pair for pair, name in homes.items() if name == word] or [
        pair for pair, name in homes.items() if name in nearest(word, homes.values(), 1)
    ]
    return SettingError(
        word, None, "key=value" + (f"; did you mean {' or '.join(meant[:3])}?" if meant else "")
    )


def _hydras(override: Override) -> SettingError:
    """Why a setting of Hydra's own has no effect, and what has."""
    key = str(override.key_or_group)
    instead = next((words for part, words in INSTEAD.items() if part in key), INSTEAD[""])
    return SettingError(key, _text(str(override.input_line)), f"no setting of Hydra's own: {instead}")


def _require_choice(key: str, value: Any, configs: Configs) -> None:
    """Raise SettingError if `key` is a config group without this choice."""
    options: Any = configs.options(key)
    if options and (wanted := refusal(Literal[options], value)) is not None:
        raise SettingError(key, value, wanted)


def _require_one(override: Override, configs: Configs) -> None:
    """Raise SettingError for a word that is no axis and says what cannot be: several values, or no choice."""
    key, value, text = str(override.key_or_group), override.value(), _text(str(override.input_line))
    if override.is_sweep_override():
        raise SettingError(key, text, "one value: this cannot be swept")
    if key in TEXTS and isinstance(value, list | dict):
        raise SettingError(key, text, "text")
    if not override.is_delete():
        _require_choice(key, value, configs)
    elif key in LAUNCH:
        raise SettingError(
            f"~{key}", None, f"{key} to stay, which every command needs; {key}=... replaces it"
        )


def axis(override: Override, configs: Configs) -> Axis:
    """The axis one override spans; a plain value is an axis of length one."""
    key = override.key_or_group
    if override.is_interval_sweep():
        text = _text(str(override.input_line))
        raise SettingError(key, text, "values that can be listed: 1,2,3  range()  choice()")
    options, pattern = configs.options(key), _text(str(override.input_line))
    try:
        values = tuple(itertools.islice(_values(override, options), MOST_VALUES + 1))
    except (ValueError, ArithmeticError) as error:  # of a step of zero, an end that is no number
        allowed = "values that can be listed: 1,2,3  range()  choice()"
        raise SettingError(key, pattern, allowed) from error
    if not values:
        among_them = f"; nothing matches among {', '.join(options)}" if options else ""
        raise SettingError(key, pattern, f"at least one value, got none{among_them}")
    if len(values) > MOST_VALUES:
        raise SettingError(key, pattern, f"at most {MOST_VALUES:,} values")
    return _axis(key, values, configs, _first(override, values))


def _axis(key: str, values: tuple[Any, ...], configs: Configs, first: str = "") -> Axis:
    for value in values:
        _require_choice(key, value, configs)
    return Axis(key, values, bool(configs.options(key)), first)


def _first(override: Override, values: Sequence[Any]) -> str:
    """The first of an override's values, in Hydra's grammar."""
    if not override.is_sweep_override():
        return _text(str(override.input_line))
    if isinstance(override.value(), Glob):
        return str(values[0])
    return str(next(override.sweep_string_iterator()))


def _values(override: Override, options: Sequence[str]) -> Iterator[Any]:
    value: Any = override.value()
    if isinstance(value, Glob):
        yield from value.filter(list(options))
    elif not override.is_sweep_override():
        yield value
    else:
        for text in override.sweep_string_iterator():
            yield _number(text) if PLAIN.fullmatch(text) else _parsed(override, text)


PLAIN = re.compile(r"-?(0|[1-9][0-9]{0,15})(\.[0-9]{1,20})?")
"""A number that Hydra's grammar reads as Python does, in a hundred times as long."""


def _number(text: str) -> int | float:
    return float(text) if "." in text else int(text)


def _parsed(override: Override, text: str) -> Any:
    """One value of a sweep, from its text in Hydra's grammar."""
    return _parser().parse_override(f"{override.key_or_group}={text}").value()


def yaml_axis(key: str, value: Any, configs: Configs) -> Axis:
    """Text is read in Hydra's grammar, as on the command line; a list is its values; `{of: key, shares: [...]}`
    are shares of another axis; anything else is one value."""
    if isinstance(value, str):
        return axis(_parser().parse_override(f"{key}={value}"), configs)
    if isinstance(value, dict):
        return Axis(key, tuple(_shares(key, value)), False)
    return _axis(key, tuple(value) if isinstance(value, list) else (value,), configs)


def _shares(key: str, value: dict[str, Any]) -> Iterator[Share]:
    try:
        yield from (Share(str(value["of"]), Fraction(share)) for share in value["shares"])
    except (KeyError, TypeError, ValueError) as error:
        raise SettingError(key, value, "{of: another setting, shares: [1/4, 1/2]}") from error
