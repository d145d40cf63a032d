"""What every swappable part shares: a frozen dataclass whose settings are checked when it is made.

A part is one variant of one stage: one class, one file, one yaml. Its fields are its settings; each field's
annotation says what is allowed, so that a wrong value is refused by name before anything runs:

    @dataclass(frozen=True)
    class Gaussian(Inputs):
        n: Count
        scale: Positive = 1.0

The checks are a page of our own: pydantic's strict dataclasses were tried and left, since their refusals name the
first failing rule ("Input should be a valid integer") and not the whole of what is allowed ("an integer >= 1 or
null"), so the words below would stay, and loading them takes 0.4 s of every command.
"""

from __future__ import annotations

import dataclasses
import difflib
import functools
import math
import os
import types
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

from attnlab.contracts import held


@dataclass(frozen=True)
class Between:
    """A bound on a number, `low <= x <= high`, either end open if asked."""

    low: float
    high: float = math.inf
    open_low: bool = False

    def __contains__(self, number: float) -> bool:
        above = number > self.low if self.open_low else number >= self.low
        return above and number <= self.high

    def __str__(self) -> str:
        if math.isinf(self.high):
            return f"{'>' if self.open_low else '>='} {self.low:g}"
        return f"between {self.low:g} and {self.high:g}"

    def why(self, _number: float) -> str:
        """The bound says it all."""
        return ""


@dataclass(frozen=True)
class Readable:
    """A file that can be read; what it contains, not where it lies, is part of a cell's identity."""

    def __contains__(self, path: str) -> bool:
        return not self.why(path)

    def __str__(self) -> str:
        return "that names a file that can be read"

    def why(self, path: str) -> str:
        """What is in the way, in brackets; nothing for a file that can be read."""
        place = os.path.expanduser(path)
        if os.path.isfile(place):
            return "" if os.access(place, os.R_OK) else " (this one may not be read)"
        if os.path.lexists(place):
            return " (this is a folder)" if os.path.isdir(place) else " (this is no regular file)"
        return " (there is no such file)"


Count = Annotated[int, Between(1)]
Index = Annotated[int, Between(0)]
NonNegative = Annotated[float, Between(0)]
Positive = Annotated[float, Between(0, open_low=True)]
Fraction = Annotated[float, Between(0, 1)]
DataFile = Annotated[str, Readable()]
"""The path of a file that a part reads: declare the setting so, and cells follow the file's content."""


class SettingError(ValueError):
    """A setting of a part has a value that is not allowed."""

    def __init__(self, setting: str, value: object, allowed: str) -> None:
        self.setting, self.value, self.allowed = setting, value, allowed
        super().__init__(f"{setting}={value!r}: expected {allowed}")


class SettingErrors(Exception):
    """All the settings of a command that are refused."""

    def __init__(self, problems: Sequence[SettingError]) -> None:
        self.problems = list({str(problem): problem for problem in problems}.values())
        super().__init__("\n".join(map(str, self.problems)))


class Declined(Exception):
    """A part cannot work on this cell; the sentence says why and the cell is reported as skipped.

    measured: what is known of its trials all the same, one array (B,) per metric, as a trial would return it.
    """

    measured: Mapping[str, Any] = types.MappingProxyType({})


class Unavailable(Declined):
    """A part needs something that is not installed; the sentence says what to install. Tried again next time."""


@dataclass(frozen=True)
class Part:
    """One variant of one stage.

    Raises SettingError for a field whose value its annotation does not allow. Raise `version` in the class
    whenever its numbers change: cells made by the older version run again.

    says: what it is, as a few words of a sentence, for pages (a property, where that hangs on the settings); a
    part without is called by its choice, `inputs mine`. facts: the names of `says` and of whatever else a page may
    rest on, words or True.
    """

    version: ClassVar[int] = 1
    says: ClassVar[str] = ""
    facts: ClassVar[tuple[str, ...]] = ("says",)

    def declared(self) -> dict[str, str | bool]:
        """What the part declares of itself with these settings: the facts that are so."""
        told = {name: getattr(self, name) for name in self.facts}
        return {name: fact for name, fact in told.items() if fact}

    promises: ClassVar[Mapping[str, Callable[..., Any]]] = {}
    """What the wing's contract says of the results of its methods, checked at every call (`attnlab.contracts`)."""

    def __init_subclass__(cls, **rest: Any) -> None:
        super().__init_subclass__(**rest)
        for name, promise in cls.promises.items():
            method = vars(cls).get(name)
            if method is not None and not getattr(method, "__isabstractmethod__", False):
                setattr(cls, name, held(method, promise))

    def __post_init__(self) -> None:
        own: Any = type(self)
        for name, kind in _fields(own):
            value = getattr(self, name)
            problem = refusal(kind, value)
            if problem is not None:
                raise SettingError(name, value, problem)
            object.__setattr__(self, name, declared(kind, value))


def refusal(kind: Any, value: object) -> str | None:
    """None if `value` fits the annotation `kind`, else what would have been allowed, in words."""
    wanted = _wanted(kind, value)
    texts = list(_texts(kind, value)) if wanted is not None else []
    if texts and (value is None or isinstance(value, bool | int | float)):
        what = "a number" if isinstance(value, int | float) and not isinstance(value, bool) else _word(value)
        typed = f'type \'"{texts[0]}"\' (in yaml "{texts[0]}")'
        return f"{wanted}; without quotes it is read as {what}: {typed}"
    return wanted


def _wanted(kind: Any, value: object) -> str | None:
    origin, options = typing.get_origin(kind), typing.get_args(kind)
    if origin is Annotated:
        base, bound = options[0], options[1]
        if _wanted(base, value) is not None:
            return f"{_noun(base)} {bound}"
        return None if value in bound else f"{_noun(base)} {bound}{bound.why(value)}"
    if origin is Literal:
        meant = " or ".join(_texts(kind, value))
        return None if value in options else f"the text {meant}" if meant else among(value, options)
    if kind is Any:
        return None
    if origin in (typing.Union, types.UnionType):  # any member will do
        problems = [_wanted(option, value) for option in options]
        return None if None in problems else " or ".join(str(problem) for problem in problems)
    if origin is list:
        fits = isinstance(value, list) and all(_wanted(options[0], one) is None for one in value)
        each = _wanted(options[0], object())
        return None if fits else f"a list, each entry {each}" if each else "a list"
    if kind in (int, float) and isinstance(value, bool):
        return _noun(kind)
    if kind is float:  # also of integers, those that a float can hold
        finite = isinstance(value, int | float) and abs(value) <= math.nextafter(math.inf, 0)
        return None if finite else _noun(float)
    return None if isinstance(value, origin or kind) else _noun(origin or kind)


def _texts(kind: Any, value: object) -> Iterator[str]:
    """The texts that `kind` allows and that are read as this value, no text, where they have no quotes."""
    origin, options = typing.get_origin(kind), typing.get_args(kind)
    if kind is str:
        yield _word(value)
    elif origin is Literal:
        yield from (text for text in options if isinstance(text, str) and _same(_read_as(text), value))
    elif origin in (Annotated, typing.Union, types.UnionType):
        for option in options[:1] if origin is Annotated else options:
            yield from _texts(option, value)


def _word(value: object) -> str:
    """What was typed for a value that is no text: null, true or nan; of a finite number many words may be."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return "null" if value is None else str(value).lower() if isinstance(value, bool) else "..."


def _read_as(text: str) -> object:
    """What a word without quotes is read as, on a command line or in yaml: null, true, a number, or itself."""
    words = {"null": None, "~": None, "true": True, "yes": True, "on": True}
    words |= {"false": False, "no": False, "off": False}
    if text.lower() in words:
        return words[text.lower()]
    try:
        return float(text.replace(".nan", "nan").replace(".inf", "inf"))
    except ValueError:
        return text


def _same(one: object, other: object) -> bool:
    """Whether two values that were read are one; a nan is itself, and true is no 1."""
    if isinstance(one, bool) or isinstance(other, bool) or not isinstance(other, int | float):
        return one is other
    return isinstance(one, float) and (one == other or (math.isnan(one) and math.isnan(other)))


def nearest(word: object, names: Iterable[str], most: int = 3) -> list[str]:
    """The names most like a word, by spelling, the nearest first; none if none is like it.

    Dotted names are compared part by part, so that what two names have in common in their group counts for
    nothing; a word without a dot is compared with the last part.
    """
    scores = {name: _likeness(str(word).lower(), name.lower()) for name in dict.fromkeys(names)}
    close = [name for name, score in scores.items() if score >= 0.6]
    return sorted(close, key=lambda name: -scores[name])[:most]


def _likeness(word: str, name: str) -> float:
    """From 0 to 1: how much of two names is the same."""
    head, dot, tail = word.rpartition(".")
    place, _, last = name.rpartition(".")
    if dot:
        return min(_ratio(head, place), _ratio(tail, last))
    return max(_ratio(tail, name), _ratio(tail, last))


def _ratio(one: str, other: str) -> float:
    return difflib.SequenceMatcher(None, one, other).ratio()


def among(word: object, names: Iterable[object], what: str = "one of") -> str:
    """The names that would have been allowed instead of `word`, and the nearest of them."""
    every = list(map(str, names))
    close = nearest(word, every)
    meant = f"; did you mean {' or '.join(close)}?" if close else ""
    return f"{what}{'' if what == 'one of' else ':'} {', '.join(every) or 'none here'}{meant}"


def declared(kind: Any, value: Any) -> Any:
    """`value` as the annotation `kind` means it: a whole number for a real setting is a float there."""
    bases = _bases(kind)
    return float(value) if type(value) is int and float in bases and int not in bases else value


@functools.cache
def file_settings(kind: Any) -> frozenset[str]:
    """The settings of a part that name a data file."""
    return frozenset(name for name, hint in _fields(kind) if names_file(hint))


def names_file(kind: Any) -> bool:
    """Whether a setting with this annotation names a data file."""
    if typing.get_origin(kind) is Annotated:
        return any(isinstance(bound, Readable) for bound in typing.get_args(kind)[1:])
    return any(map(names_file, typing.get_args(kind)))


@functools.cache
def _bases(kind: Any) -> frozenset[Any]:
    """The plain types an annotation is made of."""
    origin, options = typing.get_origin(kind), typing.get_args(kind)
    if origin is Annotated:
        return _bases(options[0])
    if origin in (typing.Union, types.UnionType):
        return frozenset().union(*map(_bases, options))
    return frozenset({kind})


def _noun(kind: Any) -> str:
    nouns = {int: "an integer", float: "a finite number", bool: "true or false", str: "text"}
    return nouns.get(kind, "null" if kind is type(None) else kind.__name__)


@functools.cache
def _fields(kind: Any) -> list[tuple[str, Any]]:
    """The settings of a part with their annotations, which take longer to read than to check."""
    hints = typing.get_type_hints(kind, include_extras=True)
    return [(field.name, hints[field.name]) for field in dataclasses.fields(kind) if field.init]
