"""What is kept of compiled kernels may be lost, torn or another one's: calls give what they gave, and it heals."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numba.core.caching import FunctionCache, IndexDataCacheFile

from attnlab import patience
from attnlab.solvers import compiling, keeping
from attnlab.solvers.arithmetic import FAST


def halves(x: Any) -> Any:
    """Something whose machine code depends on the type of its argument."""
    total = x[0] / 2
    for i in range(1, len(x)):
        total += x[i] / 2
    return total


ARGUMENTS = (np.arange(1.0, 6.0), np.arange(1, 6), np.arange(1.0, 11.0)[::2])
"""Doubles, whole numbers of as many bytes, and every second of doubles: the code of one misreads the others."""
Damage = Callable[[Path], None]


def asked(decorate: Any = None) -> tuple[list[float], int]:
    """What the kernel says to each, as another process would ask, and how many of its answers were kept ones."""
    made = (decorate or compiling.kernel)(halves)
    return [made(x) for x in ARGUMENTS], sum(made.stats.cache_hits.values())


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(compiling.SETTINGS, "CACHE_DIR", str(tmp_path))
    return tmp_path


def ending(folder: Path, suffix: str) -> list[Path]:
    return sorted(folder.rglob(f"*{suffix}"))


def _empty_indices(folder: Path) -> None:
    for path in ending(folder, ".nbi"):
        path.write_bytes(b"")


def _short_indices(folder: Path) -> None:
    for path in ending(folder, ".nbi"):
        path.write_bytes(path.read_bytes()[:-100])


def _empty_kernels(folder: Path) -> None:
    for path in ending(folder, ".nbc"):
        path.write_bytes(b"")


def _holed_kernels(folder: Path) -> None:
    """As after a loss of power: the length is there, a part of the content is not."""
    for path in ending(folder, ".nbc"):
        content = bytearray(path.read_bytes())
        middle = len(content) // 2
        content[middle : middle + 512] = bytes(512)
        path.write_bytes(content)


def _lost_kernels(folder: Path) -> None:
    for path in ending(folder, ".nbc"):
        path.unlink()


def _exchanged_kernels(folder: Path) -> None:
    """As after two processes that took the same number at once."""
    paths = ending(folder, ".nbc")
    contents = [path.read_bytes() for path in paths]
    for path, content in zip(paths, contents[1:] + contents[:1], strict=True):
        path.write_bytes(content)


def _by_numba_alone(folder: Path) -> None:
    """As an earlier version of this package kept them."""
    for path in (*ending(folder, ".nbi"), *ending(folder, ".nbc")):
        path.unlink()
    asked(compiling.njit(cache=True, error_model="numpy", fastmath=FAST, **compiling.CALLED))


@pytest.mark.parametrize(
    "damage",
    [
        _empty_indices,
        _short_indices,
        _empty_kernels,
        _holed_kernels,
        _lost_kernels,
        _exchanged_kernels,
        _by_numba_alone,
    ],
)
def test_whatever_is_done_to_what_is_kept_calls_say_the_same_and_it_heals(kept: Path, damage: Damage) -> None:
    right = [7.5, 7.5, 12.5]
    assert asked() == (right, 0)
    assert asked() == (right, len(ARGUMENTS))
    damage(kept)
    assert asked() == (right, 0)
    assert asked() == (right, len(ARGUMENTS))


def test_processes_that_keep_their_first_kernels_at_once_mislead_nobody(
    kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each reads the index before any of them writes; the last one writes its index first and its kernel first."""
    waiting: list[Callable[[], None]] = []
    numbas: Any = IndexDataCacheFile._save_data

    def late(files: Any, name: str, data: Any) -> None:
        waiting.append(lambda: numbas(files, name, data))

    monkeypatch.setattr(keeping._Files, "_load_index", lambda _files: {})
    monkeypatch.setattr(keeping._Files, "_save_data", late)
    asked()
    monkeypatch.undo()
    monkeypatch.setattr(compiling.SETTINGS, "CACHE_DIR", str(kept))
    for write in reversed(waiting):
        write()
    assert len(waiting) == len(ARGUMENTS) and len(ending(kept, ".nbc")) == 1
    assert asked() == ([7.5, 7.5, 12.5], 0)


def _full(_files: object, path: str) -> contextlib.AbstractContextManager[Any]:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), path)


def test_a_disk_that_is_full_stops_no_call_and_is_said_once(
    kept: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(keeping._Files, "_open_for_write", _full)
    with patience.asked_for():
        assert asked() == asked() == ([7.5, 7.5, 12.5], 0)
    told = [line for line in capsys.readouterr().err.splitlines() if "cannot be kept" in line]
    assert len(told) == 1 and str(kept) in told[0] and "No space left" in told[0]
    assert not ending(kept, ".nbc") and not ending(kept, ".nbi")


def test_a_numba_without_a_name_that_is_needed_keeps_as_it_would(kept: Path) -> None:
    made = compiling.njit(cache=True)(halves)
    before = made._cache
    lacking = ((FunctionCache, ("no_name_of_numbas",)),)
    assert keeping.keep(made, lacking)._cache is before
    assert isinstance(keeping.keep(made)._cache, keeping.Kept)
    assert keeping.keep(halves) is halves
