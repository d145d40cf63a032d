"""Figures as they are asked for: completed with what may be left out, and refused before anything is drawn."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import pkgutil
import re
import typing
from collections.abc import Collection, Iterator, Mapping, Sequence
from numbers import Real
from typing import Any

import pandas as pd

from attnlab.parts import SettingError, among, refusal
from attnlab.report import figures
from attnlab.report.figures.base import Figure
from attnlab.report.pooling import derive, levels, options
from attnlab.report.specs import build
from attnlab.report.words import plain, setting
from attnlab.tidy import METRIC
from attnlab.verdicts.situation import SITUATION

Spec = Mapping[str, Any]
Columns = Mapping[str, Sequence[object]]
"""The columns some cells have, settings and facts, with the value of each cell, None where it has none."""
ROLES = ("x", "hue", "col", "row")
KEEPING = ("where", "prefer")
"""The keys that hold levels of settings."""


def columns_of(rows: Sequence[Mapping[str, Any]]) -> dict[str, list[object]]:
    """The columns of these cells and their values, one mapping for each cell."""
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: [plain(row.get(name)) for row in rows] for name in names}


def completed(specs: Sequence[Spec], columns: Columns) -> list[dict[str, Any]]:
    """The same figures, each with a kind and a name of its own where it had none.

    The kind is `heat` for a `value`, `lines` over numbers, else `points`; the name says what is drawn by what.
    """
    made: list[dict[str, Any]] = []
    taken = {str(spec["name"]) for spec in specs if "name" in spec}
    for spec in specs:
        whole = dict(spec)
        whole.setdefault("kind", _kind(spec, columns))
        if "name" not in whole:
            plain = _slug(spec)
            others = (f"{plain}-{count}" for count in range(2, len(specs) + 2))
            whole["name"] = next(name for name in (plain, *others) if name not in taken)
            taken.add(whole["name"])
        made.append(whole)
    return made


def _kind(spec: Spec, columns: Columns) -> str:
    values = [value for value in columns.get(str(spec.get("x")), ()) if value is not None]
    numeric = all(isinstance(value, Real) and not isinstance(value, bool) for value in values)
    return "heat" if "value" in spec else "lines" if numeric and spec.get("x") != METRIC else "points"


def _slug(spec: Spec) -> str:
    drawn = spec.get("value", spec.get("y", "figure"))
    metrics = drawn if isinstance(drawn, list | tuple) else [drawn]
    by = [spec[name] for name in ROLES if spec.get(name)]
    words = "-".join(map(str, metrics)) + "-by-" + "-".join(map(str, by))
    return re.sub(r"[^\w-]+", "-", words).strip("-")


def refused(
    specs: Sequence[Spec],
    columns: Columns,
    metrics: Collection[str] | None,
    study: str,
    named: str = "figures[{place}].",
    others: Collection[str] | None = None,
) -> list[SettingError]:
    """Every kind, key, setting, level and metric that is not there, each with the nearest one that is.

    metrics: those of the cells; None where nothing is known of them, and then every name will do. named: what
    stands before the keys of a figure, by its place. others: further settings that cells of the study have under
    other choices, where the figures are to serve any of its grids: a level may then be missing from this one.
    """
    whole = completed(specs, columns)
    found = []
    for place in range(len(specs)):
        for problem in _problems(place, whole, columns, metrics, study, others):
            key = named.format(place=place) + problem.setting
            found.append(SettingError(key, problem.value, problem.allowed))
    return found


def kinds() -> dict[str, type[Figure]]:
    """Every kind of figure by the name of its file."""
    found = {}
    for module in pkgutil.iter_modules(figures.__path__):
        loaded = importlib.import_module(f"{figures.__name__}.{module.name}")
        made = getattr(loaded, module.name.title().replace("_", ""), None)
        if inspect.isclass(made) and issubclass(made, Figure) and not inspect.isabstract(made):
            found[module.name] = made
    return found


def _problems(
    place: int,
    whole: Sequence[Spec],
    columns: Columns,
    metrics: Collection[str] | None,
    study: str,
    others: Collection[str] | None,
) -> Iterator[SettingError]:
    spec = whole[place]
    wrong = list(_keys(spec))
    if wrong:
        yield from wrong
        return
    try:
        figure = build(spec)
    except ValueError as error:
        yield SettingError("name", spec["name"], f"a figure that can be made ({error})")
        return
    if [other["name"] for other in whole[:place] if other["name"] == spec["name"]]:
        yield SettingError("name", spec["name"], "a name of its own for each figure")
    yield from _columns(figure, {**dict.fromkeys(others or (), ()), **columns}, study)
    yield from _levels(figure, columns) if others is None else ()
    if figure.heaped:
        allowed = f"one metric, or {METRIC} as one of {', '.join(ROLES)}"
        yield SettingError("y", list(figure.metrics), allowed)
    for key, names in figure.drawn.items() if metrics is not None else ():
        yield from (
            SettingError(key, name, among(name, sorted(metrics or ()), f"a metric of {study}"))
            for name in names
            if name not in (metrics or ())
        )


def _keys(spec: Spec) -> Iterator[SettingError]:
    """A kind there is not; keys that it has not, that it needs, or that hold something else."""
    known, kind = kinds(), str(spec["kind"])
    if kind not in known:
        yield SettingError("kind", kind, among(kind, known))
        return
    fields = {field.name: field for field in dataclasses.fields(known[kind])}
    hints = typing.get_type_hints(known[kind])
    for key, value in spec.items():
        if key != "kind" and key not in fields:
            yield SettingError(key, value, among(key, ["kind", *fields], f"a key of {kind}"))
        elif key != "kind":
            words = refusal(hints[key], value)
            is_list = typing.get_origin(hints[key]) is Sequence
            if words is not None or (is_list and isinstance(value, str)):
                allowed = (words or "Sequence").replace("Sequence", "a list, [...]")
                allowed = allowed.replace("Mapping", "a mapping, {column: ...}")
                yield SettingError(key, value, allowed)
    for name, field in fields.items():
        needed = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        if needed and name not in spec:
            yield SettingError(name, None, f"what a figure of kind {kind} needs: {name}: ...")


def _columns(figure: Figure, columns: Columns, study: str) -> Iterator[SettingError]:
    """The columns a figure names that no cell has."""
    named: dict[str, tuple[str, object]] = {
        key: (getattr(figure, key), getattr(figure, key)) for key in ROLES if getattr(figure, key)
    }
    named |= dict.fromkeys(("y",) if figure.also_by() else (), ("".join(figure.also_by()),) * 2)
    for key in KEEPING:
        named |= {f"{key}.{column}": (column, level) for column, level in getattr(figure, key).items()}
    apart = {name: title for name, title in figure.plain.items() if name not in figure.reference}
    named |= {f"plain.{name}": (name, title) for name, title in apart.items()}
    named |= {f"order.{name}": (name, levels) for name, levels in figure.order.items() if name != METRIC}
    for key, (column, value) in named.items():
        if not _is_column(column, columns) or (column == METRIC and "." in key):
            settings = sorted(name for name in columns if (":" in name) == (":" in column))
            allowed = among(_unknown(column, columns), settings, f"a setting of {study}")
            yield SettingError(key, value, allowed)


def _levels(figure: Figure, columns: Columns) -> Iterator[SettingError]:
    """The levels that a figure is to keep and no cell has."""
    for key in KEEPING:
        for column, wanted in getattr(figure, key).items():
            there = _values(column, columns) if _is_column(column, columns) else options(wanted)
            for level in options(wanted):
                if level not in there:
                    known = map(setting, levels(pd.Series(there, dtype=object)))
                    yield SettingError(f"{key}.{column}", level, among(level, known))


def _is_column(name: str, columns: Columns) -> bool:
    """A setting or a fact of the cells, the metric's name, the situation, or `a/b`, `a-b` of two settings."""
    if name in columns or name in (METRIC, SITUATION):
        return True
    return _pair(name, columns) is not None


def _pair(name: str, columns: Columns) -> tuple[str, str] | None:
    """The two settings of `a/b` or `a-b`, None if these are not two settings."""
    split = [tuple(part.strip() for part in name.split(sign, 1)) for sign in "/-" if sign in name]
    return next(((one, other) for one, other in split if one in columns and other in columns), None)


def _unknown(name: str, columns: Columns) -> str:
    """Of `a/b` or `a-b` the part that is no setting."""
    return next((part.strip() for part in re.split("[/-]", name) if part.strip() not in columns), name)


def _values(name: str, columns: Columns) -> Sequence[object]:
    """The values of a column, derived ones included."""
    pair = None if name in columns else _pair(name, columns)
    if pair is None:
        return columns.get(name, ())
    table = derive(pd.DataFrame({column: columns[column] for column in pair}), name)
    return [plain(value) for value in table[name]]
