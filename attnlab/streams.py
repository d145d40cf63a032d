"""Standard input, output and error, whatever a command was started with."""

from __future__ import annotations

import logging
import os
import sys

STREAMS = ("stdin", "stdout", "stderr")
COMMANDS = {code: f"\\x{code:02x}" for code in (*range(0x20), *range(0x7F, 0xA0)) if chr(code) not in "\n\t"}
"""What a terminal does not show but obeys, and what is shown in its place."""


def make_whole() -> None:
    """Open those that are closed on nothing, and let the others show every text.

    A closed one would be the next file that is opened, a record perhaps, and what is printed would go there. What
    a terminal cannot show, in a path for example, is shown as its code.
    """
    for number, name in enumerate(STREAMS):
        if getattr(sys, name) is None:
            handle = os.open(os.devnull, os.O_RDWR)
            if handle != number:
                os.dup2(handle, number)
                os.close(handle)
            setattr(sys, name, open(number, "w" if number else "r", closefd=False))  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def harmless(text: str) -> str:
    """A text that a terminal shows and does not obey: what a cell or a file says moves no cursor."""
    return text.translate(COMMANDS)


class Harmless(logging.Formatter):
    """Lines of a log as a terminal may show them."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, harmless."""
        return harmless(super().format(record))
