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

from attnlab.parts import SettingError, among, refusal
from attnlab.report import figures
from attnlab.report.figures.base import Figure, build
from attnlab.tidy import METRIC

Spec = Mapping[str, Any]
Columns = Mapping[str, Collection[object]]
"""The columns some cells have, settings and facts, with the values each takes."""
ROLES = ("x", "hue", "col", "row")


def columns_of(rows: Sequence[Mapping[str, Any]]) -> dict[str, list[object]]:
    """The columns of these cells and their values, one mapping for each cell."""
    found: dict[str, list[object]] = {}
    for row in rows:
        for name, value in row.items():
            found.setdefault(name, []).append(value)
    return found


def completed(specs: Sequence[Spec], columns: Columns) -> list[dict[str, Any]]:
    """The same figures, each with a kind and a name of its own where it had none.

    The kind is `heat` for a `value`, `lines` over numbers, else `points`; the name says what is drawn by what.
    """
    made: list[dict[str, Any]] = []
    taken = {str(spec["name"]) for spec in specs if "name" in spec}
    for spec in specs:
        whole = dict(spec)
        if "_target_" not in whole:
            whole.setdefault("kind", _kind(spec, columns))
        if "name" not in whole:
            plain = _slug(spec)
            others = (f"{plain}-{count}" for count in range(2, len(specs) + 2))
            whole["name"] = next(name for name in (plain, *others) if name not in taken)
            taken.add(whole["name"])
        made.append(whole)
    return made


def _kind(spec: Spec, columns: Columns) -> str:
    values = columns.get(str(spec.get("x")), ())
    numeric = all(isinstance(value, Real) and not isinstance(value, bool) for value in values)
    return "heat" if "value" in spec else "lines" if numeric and spec.get("x") != METRIC else "points"


def _slug(spec: Spec) -> str:
    drawn = spec.get("value", spec.get("y", "figure"))
    metrics = drawn if isinstance(drawn, list | tuple) else [drawn]
    by = [spec[name] for name in ROLES if spec.get(name)]
    words = "-".join(map(str, metrics)) + "-by-" + "-".join(map(str, by))
    return re.sub(r"[^\w-]+", "-", words).strip("-")


def refused(
    specs: Sequence[Spec], columns: Columns, metrics: Collection[str] | None, study: str
) -> list[SettingError]:
    """Every kind, key, setting and metric that is not there, each with the nearest one that is.

    metrics: those of the cells; None where nothing is known of them, and then every name will do.
    """
    whole = completed(specs, columns)
    return [
        problem for place in range(len(specs)) for problem in _problems(place, whole, columns, metrics, study)
    ]


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
    place: int, whole: Sequence[Spec], columns: Columns, metrics: Collection[str] | None, study: str
) -> Iterator[SettingError]:
    at, spec = f"figures[{place}]", whole[place]
    if "_target_" not in spec:
        wrong = list(_keys(at, spec))
        if wrong:
            yield from wrong
            return
    try:
        figure = build(spec)
    except ValueError as error:
        yield SettingError(f"{at}.name", spec["name"], f"a figure that can be made ({error})")
        return
    if [other["name"] for other in whole[:place] if other["name"] == spec["name"]]:
        yield SettingError(f"{at}.name", spec["name"], "a name of its own for each figure")
    yield from _columns(at, figure, columns, study)
    if figure.heaped:
        allowed = f"one metric, or {METRIC} as one of {', '.join(ROLES)}"
        yield SettingError(f"{at}.y", list(figure.metrics), allowed)
    for key, names in figure.drawn.items() if metrics is not None else ():
        yield from (
            SettingError(f"{at}.{key}", name, among(name, sorted(metrics or ()), f"a metric of {study}"))
            for name in names
            if name not in (metrics or ())
        )


def _keys(at: str, spec: Spec) -> Iterator[SettingError]:
    """A kind there is not; keys that it has not, that it needs, or that hold something else."""
    known, kind = kinds(), spec["kind"]
    if kind not in known:
        yield SettingError(f"{at}.kind", kind, among(kind, known))
        return
    fields = {field.name: field for field in dataclasses.fields(known[kind])}
    hints = typing.get_type_hints(known[kind])
    for key, value in spec.items():
        if key != "kind" and key not in fields:
            yield SettingError(f"{at}.{key}", value, among(key, ["kind", *fields], f"a key of {kind}"))
        elif key != "kind":
            words = refusal(hints[key], value)
            is_list = typing.get_origin(hints[key]) is Sequence
            if words is not None or (is_list and isinstance(value, str)):
                allowed = (words or "Sequence").replace("Sequence", "a list, [...]")
                allowed = allowed.replace("Mapping", "a mapping, {column: ...}")
                yield SettingError(f"{at}.{key}", value, allowed)
    for name, field in fields.items():
        needed = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        if needed and name not in spec:
            yield SettingError(f"{at}.{name}", None, f"what a figure of kind {kind} needs: {name}: ...")


def _columns(at: str, figure: Figure, columns: Columns, study: str) -> Iterator[SettingError]:
    """The columns a figure names that no cell has."""
    named: dict[str, str] = {key: getattr(figure, key) for key in ROLES if getattr(figure, key)}
    named |= dict.fromkeys(("y",) if figure.also_by() else (), "".join(figure.also_by()))
    named |= {f"where.{column}": column for column in figure.where}
    named |= {f"order.{column}": column for column in figure.order if column != METRIC}
    for key, column in named.items():
        if not _is_column(str(column), columns):
            settings = sorted(name for name in columns if ":" not in name)
            yield SettingError(f"{at}.{key}", column, among(column, settings, f"a setting of {study}"))


def _is_column(name: str, columns: Columns) -> bool:
    """A setting or a fact of the cells, the metric's name, or `a/b`, `a-b` of two settings."""
    if name in columns or name == METRIC:
        return True
    parts = [name.partition(sign) for sign in "/-"]
    return any(first.strip() in columns and second.strip() in columns for first, _, second in parts)
