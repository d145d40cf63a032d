"""Where numbers came from: the code, the libraries and the machine."""

from __future__ import annotations

import functools
import os
import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from attnlab.files import read_json

LIBRARIES = ("attnlab", "numpy", "scipy", "scikit-learn", "numba", "hydra-core", "joblib", "torch")


def provenance() -> dict[str, Any]:
    """Git commit (and whether the tree was clean), versions, host and threads."""
    return {
        "git": _git(),
        "python": platform.python_version(),
        "versions": {name: _version(name) for name in LIBRARIES},
        "host": platform.node(),
        "machine": f"{platform.system()} {platform.machine()}",
        "cores": os.cpu_count(),
        "threads": os.environ.get("OMP_NUM_THREADS", "not set"),
    }


def code() -> str:
    """The commit of the code in one word, and whether it was clean."""
    git = _git()
    return f"{git['sha'][:12]} ({git['state']})"


def when(folder: Path, run_id: str) -> dict[str, Any]:
    """What a run's trace in a study's folder says of its code, libraries and machine; empty where it is gone."""
    try:
        found: dict[str, Any] = read_json(folder / "runs" / run_id / "run.json")
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) and isinstance(found.get("versions"), dict) else {}


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


@functools.cache
def _git() -> dict[str, str]:
    """The commit of the code's own repository; `unknown` where there is none."""
    folder = Path(__file__).parent

    def ask(*words: str) -> str | None:
        try:
            done = subprocess.run(["git", *words], cwd=folder, capture_output=True, text=True, timeout=10)
        except (OSError, subprocess.TimeoutExpired):
            return None
        return done.stdout.strip() if done.returncode == 0 else None

    sha, changes = (
        ask("rev-parse", "HEAD"),
        ask("status", "--porcelain", "--", ".", "../experiments", "../conf"),
    )
    state = "unknown" if changes is None else "dirty" if changes else "clean"
    return {"sha": sha or "unknown", "state": state}
