"""Words that a command would not heed, refused with the reason: nobody is to wonder why a setting did nothing."""

from __future__ import annotations

from collections.abc import Sequence

from attnlab.harness.actions import ACTIONS, KEYS, heeds
from attnlab.harness.overrides import SHORT
from attnlab.parts import SettingError, SettingErrors
from attnlab.report.words import listed

ALWAYS = ("action", "results")
"""What every action heeds."""


def kind(word: str) -> str:
    """Which of the actions' KEYS a word of the command line is; "" for a flag and for what every action heeds."""
    key = _key(word)
    top = key.partition(".")[0].partition("@")[0]
    if word.startswith("-") or top in ALWAYS:
        return ""
    if key in (*SHORT, *SHORT.values()):
        return "figures"
    if top == "experiment" and key != top:
        return "grid"
    return top if top in KEYS else "grid"


def require_heeded(action: str, words: Sequence[str]) -> None:
    """Raise SettingErrors for every word that has no effect on an action."""
    own = heeds(action)
    problems = []
    for word in words:
        name = kind(word)
        if name and name not in own:
            where = listed([other for other in ACTIONS if name in heeds(other)])
            told = (
                f"nothing here: it {KEYS[name]}, and action={action} does not heed it; action={where} would"
            )
            problems.append(SettingError(_key(word), word.partition("=")[2], told))
    if problems:
        raise SettingErrors(problems)


def _key(word: str) -> str:
    return word.lstrip("+~").partition("=")[0]
