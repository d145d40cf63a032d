"""Which characters of a text need quotes on a command line, and the text within them."""

from __future__ import annotations

import shlex

QUOTING = "'\"\\$`"
"""Characters that mean something within quotes, to Hydra or to a shell."""


def quoted(key: str, value: str) -> str:
    """What is wanted of a text that holds any of QUOTING: the word within quotes, if one kind of them will do."""
    marks = [mark for mark in dict.fromkeys(value) if mark in QUOTING]
    told = f"text in which no {' '.join(marks)} stands outside quotes"
    around = {"'": '"', '"': "'"}.get("".join(marks))
    if around is None:
        return told
    return f"{told}\nin quotes of Hydra's and of the shell's: {shlex.quote(f'{key}={around}{value}{around}')}"
