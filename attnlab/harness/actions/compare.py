"""Compare: two studies side by side, by name; a page, a csv, and a summary in the terminal."""

from __future__ import annotations

import shlex
from pathlib import Path

from attnlab.harness.command import Asked
from attnlab.harness.configs import conf
from attnlab.harness.grid import COMPARISONS, REFERENCE
from attnlab.harness.sweeps import names
from attnlab.parts import SettingError, among
from attnlab.report.compare import Side, compare


def act(asked: Asked) -> int:
    """Compare what study b holds with what study a holds. Refuses what has no records, or no cell in common."""
    _refuse_a_grid(asked)
    known = _known(asked.results)
    chosen = [_chosen(asked, key, known) for key in ("a", "b")]
    asked.require_writable([COMPARISONS])
    one, other = (_side(asked, name, known[name]) for name in chosen)
    found = compare(one, other)
    if not found.common:
        allowed = (
            f"a study with cells in common with {one.name}: equal in each setting that varies in one of them"
        )
        raise SettingError("b", other.name, allowed)
    from attnlab.report.comparison import sentences, write

    folder = asked.results / COMPARISONS / "-vs-".join(name.replace("/", "-") for name in chosen)
    words = [f"{key}={name}" for key, name in zip("ab", chosen, strict=True)]
    path = write(folder, found, shlex.join(["attnlab", "action=compare", *words]))
    for sentence in sentences(found):
        print(sentence.replace("`", ""))
    print(f"\n{path.with_name('results.csv')}\n{path}")
    return 0


def _refuse_a_grid(asked: Asked) -> None:
    """Raise SettingError for words that this action would not heed."""
    words = [axis.key for axis in asked.command.axes]
    words += [key for key in ("study", "size") if any(word.startswith(f"{key}=") for word in asked.words)]
    if words or asked.experiments is not None:
        raise SettingError(
            (words or ["experiment"])[0], None, "no setting beside a=NAME and b=NAME: both are compared whole"
        )


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
