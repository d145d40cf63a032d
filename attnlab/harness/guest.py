"""A run as a guest in somebody else's process: what it must change for a while is as before afterwards."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from hydra.core.global_hydra import GlobalHydra
from hydra.core.singleton import Singleton
from hydra.core.utils import JobRuntime
from hydra.version import VersionBase
from threadpoolctl import threadpool_limits

from attnlab.harness import cells, own

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")
"""What a worker's libraries read when it starts: parallel over cells, never inside one."""


_ALONE = threading.RLock()
"""What a guest changes is the whole process's: of several threads one after the other is a guest."""


@contextmanager
def guest(folders: Sequence[str]) -> Iterator[None]:
    """A block that may compose, import the user's own modules from these folders, and measure.

    Libraries have one thread, Hydra is not initialised, and the user's own modules are read anew; afterwards the
    threads, the environment, Hydra, the import path and the modules are those of before. One thread at a time.
    """
    with _ALONE, _hydra(), _modules(folders), _environment(), threadpool_limits(1):
        yield


@contextmanager
def _hydra() -> Iterator[None]:
    """Hydra as if nothing had called it: it refuses to be initialised twice, inside `@hydra.main` for one."""
    instances: dict[type, Any] = Singleton._instances
    kinds = (GlobalHydra, VersionBase, JobRuntime)
    before: dict[type, Any] = {kind: instances.pop(kind) for kind in kinds if kind in instances}
    try:
        yield
    finally:
        for kind in kinds:
            instances.pop(kind, None)
        instances.update(before)


@contextmanager
def _modules(folders: Sequence[str]) -> Iterator[None]:
    """The import path, and the modules of these folders that the process has imported for itself."""
    path, before, reached = list(sys.path), own.loaded(folders), own.folders()
    for name in before:
        del sys.modules[name]
    try:
        yield
    finally:
        own.reach(folders)
        cells.renew()  # forgets what was imported for the run, and what was made of it
        own.reach(reached)
        sys.path[:] = path
        sys.modules.update(before)


@contextmanager
def _environment() -> Iterator[None]:
    """Every variable, whoever sets it: libraries set some when they are first imported."""
    before = dict(os.environ)
    os.environ.update(dict.fromkeys(THREADS, "1"))
    try:
        yield
    finally:
        for name in set(os.environ) - set(before):
            del os.environ[name]
        os.environ.update(before)
