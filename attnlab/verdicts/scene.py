"""Which cells a claim speaks of, and the words for them: all of it is taken from the rows themselves."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Sequence
from numbers import Real

import pandas as pd

from attnlab.tidy import METRIC, settings_of
from attnlab.verdicts.facts import holds
from attnlab.verdicts.settings import named_level, valued

ALWAYS = ("n", "d", "temperature")
"""Settings that a condition names even where the whole study has one value of them."""


def typical(
    kept: pd.DataFrame,
    over: str = "",
    but: Sequence[str] = (),
    least: Sequence[str] = (),
    free: Sequence[str] = (),
) -> pd.DataFrame:
    """The rows of one condition: all settings fixed but `over`, which takes as many levels as it can.

    kept: rows of one metric. Among conditions with as many levels the one with the most trials is chosen, then
    the one whose settings are the most common in `kept`, then the one with the largest numbers (for the settings
    of `least` the smallest). Where `over` is a part, settings that not all its
    levels have, or that its words tell, differ between them: each level stands for its most common ones. but:
    settings that make no difference, with those of their parts; free: those that may differ between levels.
    """
    if over:
        if over not in kept:
            return kept.iloc[:0]
        kept = kept[kept[over].notna()]
    loose = {over, *free, *_own(kept, over)}
    columns = [column for column in varying(kept) if _matters(column, but)]
    fixed = [column for column in columns if column not in loose]
    if fixed:
        kept = _best(kept, fixed, over, least)
    rest = [column for column in varying(kept) if column != over and _matters(column, but)]
    if rest and over:
        kept = pd.concat(_best(level, rest, "", least) for _, level in kept.groupby(over, sort=False))
    columns = [column for column in settings_of(kept) if _matters(column, but)]
    same = [*columns, *(["seed"] if "seed" in kept else [])]
    return kept.drop_duplicates(subset=same) if but and same else kept


def _matters(column: str, but: Sequence[str]) -> bool:
    return column not in but and part_of(column) not in but


def part_of(column: str) -> str:
    """The part a setting or a fact belongs to; a plain setting itself."""
    return re.split("[.:]", column)[0]


def _own(kept: pd.DataFrame, over: str) -> list[str]:
    """The settings beside `over`, of its part, that may differ between its levels."""
    part = part_of(over)
    leaves = [
        column for column in settings_of(kept) if over and re.match(rf"{re.escape(part)}(\.|$)", column)
    ]
    if "." in over:
        return [leaf for leaf in leaves if leaf != over and _follows(kept, over, leaf)]
    return [leaf for leaf in leaves if leaf == part or kept[leaf].isna().any() or said(kept, part, leaf)]


def _follows(kept: pd.DataFrame, over: str, leaf: str) -> bool:
    """Whether a setting changes with another, value for value, as e does where it is set to d."""
    pairs = kept[[over, leaf]].drop_duplicates()
    return 1 < len(pairs) == pairs[over].nunique() == pairs[leaf].nunique()


def _best(kept: pd.DataFrame, fixed: Sequence[str], over: str, least: Sequence[str]) -> pd.DataFrame:
    """The rows of the best combination of the fixed settings."""
    common = pd.Series(0.0, index=kept.index)
    large = pd.Series(0.0, index=kept.index)
    for column in fixed:
        values = kept[column]
        common += values.map(values.value_counts(dropna=False)).astype(float) / len(kept)
        if pd.api.types.is_numeric_dtype(values):
            rank = values.rank(method="dense").fillna(0.0)
            large += -rank if column in least else rank
    measured = kept.assign(**{":common": common, ":large": large})
    ranked = []
    for place, (_, rows) in enumerate(measured.groupby(list(fixed), dropna=False, sort=True)):
        levels = rows[over].nunique() if over in rows else 1
        first = rows.iloc[0]
        trials = rows["count"].sum()
        ranked.append(((levels, trials, round(first[":common"], 9), first[":large"], -place), rows.index))
    return kept.loc[max(ranked, key=lambda found: found[0])[1]]


def varying(kept: pd.DataFrame) -> list[str]:
    """The settings that take more than one value in these rows."""
    columns = settings_of(kept)
    counts = kept[columns].nunique(dropna=False)
    return [column for column in columns if counts[column] > 1]


def constant(rows: pd.DataFrame, column: str) -> object:
    """The one value of a column in these rows, or None."""
    if column not in rows or not len(rows):
        return None
    values = rows[column].unique()
    return values[0] if len(values) == 1 and not pd.isna(values[0]) else None


def named(rows: pd.DataFrame, part: str) -> str:
    """What a part says it is; the name it was chosen by where it says nothing; nothing where there are several."""
    told = constant(rows, f"{part}:says") or constant(rows, part)
    return "" if told is None else str(told)


def levels(rows: pd.DataFrame, over: str) -> list[tuple[str, pd.DataFrame]]:
    """The levels of a setting, numbers ascending, each with its rows: `for` a part, `at` a value of a setting."""
    parts = list(rows.groupby(over, sort=True)) if over in rows else []
    part = part_of(over)
    if over == f"{part}:says" or (over == part and _is_part(rows, part)):
        return [(f"for {named(level, part)}", level) for _, level in parts]
    told = [str(constant(level, f"{part}:says") or "") for _, level in parts]
    if 1 < len(set(told)) == len(told) and all(told):
        return [(f"for {words}", level) for words, (_, level) in zip(told, parts, strict=True)]
    with_words = "with" if any(named_level(over, value) for value, _ in parts) else "at"
    return [(f"{with_words} {valued(over, value)}", level) for value, level in parts]


def filled(text: str, rows: pd.DataFrame) -> str:
    """The text with `{decoder}` as what the decoder of these rows says it is, `{decoder:knows}` and `{inputs.n}`
    as the fact and the value they have in common."""

    def word(found: re.Match[str]) -> str:
        name = found[1]
        value = constant(rows, name)
        if name == part_of(name) and _is_part(rows, name):
            return named(rows, name) or name
        return f"{float(value):g}" if isinstance(value, Real) else str(value or name.rpartition(":")[2])

    return re.sub(r"{([a-z_.:]+)}", word, text)


def common(text: str, rows: pd.DataFrame) -> str:
    """The text with `{inputs.n}` as the most common value of that setting in these rows."""

    def word(found: re.Match[str]) -> str:
        values = rows[found[1]].dropna().mode() if found[1] in rows else pd.Series(dtype=float)
        return valued("", values.iloc[0]).strip() if len(values) else "?"

    return re.sub(r"{([a-z_.]+)}", word, text)


def _is_part(rows: pd.DataFrame, column: str) -> bool:
    """Whether a column names a part: it has settings or declares something."""
    return any(re.match(rf"{re.escape(column)}[.:]", str(other)) for other in rows.columns)


def condition(
    rows: pd.DataFrame,
    study: pd.DataFrame,
    over: str = "",
    but: Sequence[str] = (),
    spoken: Sequence[str] = (),
    names: Sequence[str] = (),
) -> list[str]:
    """What is the same in these rows, in words: the parts, then the settings that tell it from others.

    study: all rows of the metric. A setting is named if it varies there, or if it is one of ALWAYS or of
    names; not if its part's own words change with it, for then they say it;
    a part that may go unsaid does where the study has no other. over: what is compared, and is no condition; but:
    settings and parts that make no difference; spoken: parts that the sentence names already.
    """
    free = {over, *_own(study, over)}
    columns = [column for column in settings_of(rows) if _matters(column, but) and column not in free]
    parts = [column for column in columns if _is_part(rows, column)]
    quiet = [part for part in parts if holds(study, f"{part}:unsaid")]
    quiet += [part for part in parts if f"{part}:says" in rows and rows[f"{part}:says"].nunique() > 1]
    words = [named(rows, part) for part in columns if part in parts and part not in (*spoken, *quiet)]
    for column in columns:
        value = constant(rows, column)
        if column in parts or value is None:
            continue
        part = part_of(column)
        own = study[study[part].isin(rows[part].unique())] if part != column and part in study else study
        tells = part != column and said(own, part, column)
        if column not in names and part == column and usual(study, column, value):
            continue
        always = column in names or column.rpartition(".")[2] in ALWAYS
        if always or (own[column].nunique(dropna=False) > 1 and not tells):
            words.append(valued(column, value))
    return [word for word in words if word]


def usual(study: pd.DataFrame, column: str, value: object) -> bool:
    """Whether a setting in words has this value in most rows: a study's own switch is told where it is moved."""
    return isinstance(value, str) and bool((study[column] == value).mean() > 0.5)


def said(study: pd.DataFrame, part: str, column: str) -> bool:
    """Whether the part's own words tell the value of its setting."""
    says = f"{part}:says"
    if says not in study or study[says].isna().any():
        return False
    if study[says].nunique() == 1 or study[column].nunique(dropna=False) == 1:
        return False
    return bool((study.groupby(says)[column].nunique(dropna=False) == 1).all())


def apart(rows: pd.DataFrame, over: str, but: Sequence[str] = ()) -> list[tuple[str, pd.DataFrame]]:
    """The levels of a setting as situations, in the order of the rows: each told by what not all of them share.

    One alone needs no words: its condition says it all.
    """
    parts = list(rows.groupby(over, sort=False))
    told = [condition(level, rows, over, but) for _, level in parts]
    own = [[word for word in words if not all(word in other for other in told)] for words in told]
    found = []
    for words, (value, level) in zip(own, parts, strict=True):
        lead = "at" if words and _SETTING.search(words[0]) else "for"
        found.append(("" if len(parts) == 1 else f"{lead} {', '.join(words) or valued(over, value)}", level))
    return found


_SETTING = re.compile(r"[ =] ?[-\d.e+]+$")
"""Words that end with a number are a setting with its value, and no part."""


Choice = Callable[[pd.DataFrame], pd.DataFrame]


def having(fact: str, value: object = True) -> Choice:
    """The rows whose part declares this fact, or has this setting."""
    return lambda table: table[table[fact].isin([value])] if fact in table else table.iloc[:0]


def lacking(fact: str, value: object = True) -> Choice:
    """The rows whose part declares another fact than this, or none."""
    return lambda table: table[~table[fact].isin([value])] if fact in table else table.iloc[:0]


def rather(choice: Choice) -> Choice:
    """The rows of a choice where it leaves any, else all."""

    def choose(table: pd.DataFrame) -> pd.DataFrame:
        found = choice(table)
        return found if len(found) else table

    return choose


def best(metric: str, part: str) -> Choice:
    """The rows of that level of a part which has the largest mean of a metric."""

    def choose(table: pd.DataFrame) -> pd.DataFrame:
        kept = table[(table[METRIC] == metric) & table["value"].notna()] if part in table else table.iloc[:0]
        means = kept.groupby(part, sort=True)["value"].mean()
        return table[table[part] == means.idxmax()] if len(means) else table.iloc[:0]

    return choose


def each(*choices: Choice) -> Choice:
    """One choice after the other."""
    return lambda table: functools.reduce(lambda rows, choice: choice(rows), choices, table)


def metric_rows(table: pd.DataFrame, metric: str, like: pd.DataFrame) -> pd.DataFrame:
    """The rows of another metric of the same cells."""
    here = table[(table[METRIC] == metric) & (table["status"] == "done") & table["value"].notna()]
    return here[here["key"].isin(like["key"])]
