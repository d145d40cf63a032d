"""How kernels are compiled, where they are kept, and who hears of it.

Kept: numba keeps compiled kernels in NUMBA_CACHE_DIR, else beside their source, else in the user's cache folder.
Where none of these can be written (a package that root installed, a home that is read-only) they go to a folder of
the user's own among the temporary files; where that cannot be had either, they are compiled in every process. What
cannot be kept or read is compiled (attnlab.solvers.keeping).

Compiled: a kernel that only kernels call is `inner`: no entry points for Python, and optimised once
(attnlab.solvers.linking). LLVM writes none of them out in what calls it. What is a few operations is `inlined`
instead, written out by numba: called, _term made far_vertices take 1.11 times as long.

What compiles for longer than LONG says so (attnlab.patience). Meanwhile Python's collector of cycles rests: what
numba builds is full of them and lives until it is done, and to walk through it again and again took a tenth of the
time.
"""

from __future__ import annotations

import gc
import os
import stat
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba
import numpy as np
from numba.core import event

from attnlab import patience
from attnlab.solvers import keeping, linking
from attnlab.solvers.arithmetic import FAST

SETTINGS: Any = numba.config
"""Those of numba; their names are made as it is loaded."""
njit: Any = numba.njit  # its own types know only some of its options
LONG = 1.0
"""Seconds of compilation after which a command says so."""


def _probe() -> None:
    """Nothing: numba says where it would keep a kernel of this folder."""


def _kept() -> bool:
    """Whether numba has a folder for the kernels of this package."""
    try:
        njit(cache=True)(_probe)
    except RuntimeError:  # numba: no locator available
        return False
    return True


def own_folder() -> str:
    """A folder among the temporary files that nobody else can write to. Raises OSError if there is none."""
    user = os.getuid() if hasattr(os, "getuid") else 0
    folder = Path(tempfile.gettempdir()) / f"attnlab-kernels-{user}"
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != user or found.st_mode & 0o022:
        raise PermissionError(f"expected a folder of this user's alone, got {folder}")
    return str(folder)


def _kept_somewhere() -> tuple[bool, str]:
    """Whether kernels can be kept, and what a command says while it compiles them."""
    if _kept():
        return True, "compiling the kernels, once"
    try:
        SETTINGS.CACHE_DIR = own_folder()
    except OSError:
        return (
            False,
            "compiling the kernels; no folder can be written to keep them: NUMBA_CACHE_DIR names one",
        )
    return (
        _kept(),
        f"compiling the kernels, once, into {SETTINGS.CACHE_DIR} (NUMBA_CACHE_DIR names another)",
    )


CACHE, LINE = _kept_somewhere()


class _Clock(event.Listener):
    """Hears when numba compiles, callers around what they call: the collector rests; what takes long is said."""

    def __init__(self) -> None:
        self.spent, self.began, self.depth, self.collected = 0.0, 0.0, 0, False

    def on_start(self, event: event.Event) -> None:
        if self.depth == 0:
            self.began = time.monotonic()
        self._look()
        if self.depth == 0:
            self.collected = gc.isenabled()
            gc.disable()
        self.depth += 1

    def on_end(self, event: event.Event) -> None:
        self.depth -= 1
        if self.depth == 0 and self.collected:
            gc.enable()
        self._look()
        if self.depth == 0:
            self.spent += time.monotonic() - self.began

    def _look(self) -> None:
        if self.spent + time.monotonic() - self.began > LONG:
            patience.say(LINE)


event.register("numba:compile", _Clock())  # type: ignore[no-untyped-call]


CALLED: dict[str, Any] = {"nogil": True, "no_cfunc_wrapper": True, "pipeline_class": linking.KERNEL}
UNCALLED: dict[str, Any] = {
    "no_cpython_wrapper": True, "no_cfunc_wrapper": True, "pipeline_class": linking.INNER
}  # fmt: skip


def _made(**options: Any) -> Callable[[Any], Any]:
    """A decorator with these options of numba's; what is kept is kept with doubt."""
    compiled = njit(cache=CACHE, error_model="numpy", **options)
    return lambda function: keeping.keep(compiled(function))


kernel = _made(fastmath=FAST, **CALLED)
"""What Python calls; meanwhile other threads run, so that somebody hears who interrupts (attnlab.interruption)."""
inner = _made(fastmath=FAST, **UNCALLED)
"""What kernels of the same file call."""
inlined = _made(fastmath=FAST, inline="always")
"""What is written out where it is called: a few operations, or what one kernel calls at one place."""
exact = _made(**CALLED)
"""A kernel without the liberties of attnlab.solvers.arithmetic: for pairs of doubles, which they would undo."""
exact_inner = _made(**UNCALLED)
"""The same, called by kernels of the same file."""
exact_inlined = _made(inline="always")
"""The same, written out where it is called."""
whole: Any = np.int64
"""Of the constant that a variable begins with: numba would compile all that the variable is passed to once for the
constant, and once more for what it becomes."""
