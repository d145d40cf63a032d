"""Compare: two studies side by side, by name; a page, a csv, and a summary in the terminal."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path

from attnlab.harness.command import Asked, ask
from attnlab.harness.configs import conf
from attnlab.harness.grid import COMPARISONS, REFERENCE
from attnlab.harness.sweeps import names
from attnlab.parts import SettingError, SettingErrors, among
from attnlab.report.compare import Apart, Foreign, Side, compare
from attnlab.report.partners import NONE

HEEDS = ("a", "b")


def act(asked: Asked) -> int:
    """Compare what study b holds with what study a holds. Refuses what has no records or no cell in common, and
    studies of different experiments.
    """
    known = _known(asked.results)
    chosen = [_chosen(asked, key, known) for key in ("a", "b")]
    asked.require_writable([COMPARISONS])
    one, other = (_side(asked, name, known[name]) for name in chosen)
    try:
        found = compare(one, other)
    except Foreign as error:
        raise SettingError("b", other.name, str(error)) from error
    except Apart as error:
        hint = "".join(f"\nfor cells in common: {line}" for line in _bridge(asked, one, other, error))
        raise SettingError("b", other.name, f"a study with {error}{hint}") from error
    from attnlab.harness.publish import write_index
    from attnlab.report.comparison import sentences, write

    folder = asked.results / COMPARISONS / "-vs-".join(name.replace("/", "-") for name in chosen)
    words = [f"{key}={name}" for key, name in zip("ab", chosen, strict=True)]
    path = write(folder, found, shlex.join(["attnlab", "action=compare", *words]))
    write_index(asked.results)
    for sentence in sentences(found):
        print(sentence.replace("`", ""))
    print(f"\n{path.with_name('results.csv')}\n{path}")
    return 0


def _known(results: Path) -> dict[str, Path]:
    """The folders that can be compared: those with records, and the tables of a reference run."""
    places = [results / REFERENCE, conf().parent / "results" / REFERENCE]
    tables = [path for place in reversed(places) for path in sorted(place.glob("*/results.csv"))]
    return {name: results / name for name in names(results)} | {
        f"{REFERENCE}/{path.parent.name}": path.parent for path in tables
    }


def _chosen(asked: Asked, key: str, known: dict[str, Path]) -> str:
    """The study that a or b names."""
    name = asked.config[key]
    if name is None or str(name) not in known:
        here = among("" if name is None else name, known, "a study with records here")
        raise SettingError(key, name, here if known else f"a study with records: {asked.results} holds none")
    if key == "b" and str(name) == str(asked.config.a):
        raise SettingError(key, name, "another study than a")
    return str(name)


def _side(asked: Asked, name: str, folder: Path) -> Side:
    from attnlab.harness.sides import of_pages, of_sweep

    if not name.startswith(f"{REFERENCE}/"):
        return of_sweep(asked.sweep(name))
    config = asked.experiment(folder.name)
    return of_pages(name, folder, None if config is None else str(config.experiment.module))


def _bridge(asked: Asked, one: Side, other: Side, apart: Apart) -> Iterator[str]:
    """The command that gives one study the levels of the other, where they can be typed."""
    for kept, moved in ((one, other), (other, one)):
        levels = {way.name: way.one if kept is one else way.other for way in apart.ways}
        untyped = not levels or any(NONE in own for own in levels.values())
        if untyped or not moved.command or moved.name.startswith(f"{REFERENCE}/"):
            continue
        typed = {word.partition("=")[0]: word for word in shlex.split(kept.command)}
        name, *words = shlex.split(moved.command)
        where = [word for word in asked.words if word.startswith("results=")]
        words = [word for word in words if word.partition("=")[0] not in levels]
        words += [typed.get(key, f"{key}={','.join(own)}") for key, own in levels.items()]
        if _planned([*where, *words]):
            yield shlex.join([name, *where, *words])
            return


def _planned(words: list[str]) -> bool:
    """Whether a command with these words would not be refused."""
    try:
        return bool(ask(words).plans())
    except (SettingError, SettingErrors):
        return False
