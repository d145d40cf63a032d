"""Kernels at their first call: kept where no folder can be written, and one line while they are compiled."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numba
import pytest
from numba.core import event

from attnlab import app, patience
from attnlab.solvers import compiling


def where_nothing_can_be_written(monkeypatch: pytest.MonkeyPatch, temporary: Path) -> None:
    """numba finds a folder only where NUMBA_CACHE_DIR names one."""
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    monkeypatch.setattr(compiling.SETTINGS, "CACHE_DIR", "")
    monkeypatch.setattr(compiling, "_kept", lambda: bool(compiling.SETTINGS.CACHE_DIR))


def test_kernels_go_to_a_temporary_folder_of_the_user(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    where_nothing_can_be_written(monkeypatch, tmp_path)
    kept, line = compiling._kept_somewhere()
    folder = Path(compiling.SETTINGS.CACHE_DIR)
    assert kept and folder.parent == tmp_path and folder.stat().st_mode & 0o777 == 0o700
    assert str(folder) in line and "NUMBA_CACHE_DIR" in line


def test_a_folder_that_others_can_write_to_is_not_used(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What lies there is run: nobody else may have put it there."""
    where_nothing_can_be_written(monkeypatch, tmp_path)
    Path(compiling.own_folder()).chmod(0o777)
    kept, line = compiling._kept_somewhere()
    assert not kept and not compiling.SETTINGS.CACHE_DIR and "NUMBA_CACHE_DIR" in line


def test_a_link_in_its_place_is_not_followed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "temporary").mkdir()
    where_nothing_can_be_written(monkeypatch, tmp_path / "temporary")
    name = Path(compiling.own_folder()).name
    (tmp_path / "temporary" / name).rename(tmp_path / "elsewhere")
    (tmp_path / "temporary" / name).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(PermissionError):
        compiling.own_folder()


FIRST_CALLS = """
import numpy as np
from attnlab import patience
from attnlab.solvers import certified, closest, compiling
compiling.LONG = 0.0
closest.closest(np.eye(3)[None], np.ones((1, 3), bool))  # a library: silent
with patience.asked_for():
    print(certified.inverses(np.eye(2)[None], 0.0).sign)
"""


def test_a_command_says_once_that_it_compiles_and_never_among_its_output(tmp_path: Path) -> None:
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
    run = [sys.executable, "-c", FIRST_CALLS]
    cold, warm = (
        subprocess.run(run, env=environment, capture_output=True, text=True, check=True) for _ in range(2)
    )
    assert (cold.stdout, cold.stderr) == ("[1]\n", "attnlab: compiling the kernels, once\n")
    assert (warm.stdout, warm.stderr) == ("[1]\n", "")


def test_the_line_is_said_once_a_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def act(_words: object) -> int:
        patience.say("a line")
        patience.say("a line")
        return 0

    monkeypatch.setattr(app, "act", act)
    monkeypatch.setattr(app, "ask", lambda words: words)
    patience.say("nobody asked")
    for _ in range(2):
        assert app._answer(["action=plan"]) == 0
    told = capsys.readouterr()
    assert told.err == "attnlab: a line\n" * 2 and not told.out
    assert patience.TOKEN not in os.environ


@pytest.mark.parametrize("collecting", [True, False])
def test_the_collector_rests_while_a_kernel_is_compiled(collecting: bool) -> None:
    """And is then as it was, whether numba compiled or refused."""
    with event.install_recorder("numba:run_pass") as passes:
        seen: list[bool] = []
        passes.on_start = lambda _event: seen.append(gc.isenabled())
        if not collecting:
            gc.disable()
        try:
            assert compiling.njit(lambda x: x + 1)(1) == 2
            with pytest.raises(numba.core.errors.TypingError):
                compiling.njit(lambda x: x.nothing)(1)
            after = gc.isenabled()
        finally:
            gc.enable()
    assert seen and not any(seen) and after is collecting
