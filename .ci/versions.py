"""`make test-versions`: the constraints have an answer on every Python that is supported; nothing is installed.

Each version is resolved as it would be there, whichever one runs this. Needs a package index.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
EXTRAS = ("dev", "torch", "slurm", "dask", "audit")
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
SOURCE = "antlr4-python3-runtime"
"""What has no wheel, pure Python: it is built here, so that all the rest can be looked up for another Python."""


def wanted() -> list[str]:
    """The requirements of attnlab with the extras that its commands install."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    return [*project["dependencies"], *(one for name in EXTRAS for one in extras[name])]


def pip(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def main() -> None:
    """Resolve every version; exit 1 naming those that cannot be."""
    constraints = ROOT / "constraints.txt"
    (pinned,) = (line for line in constraints.read_text().splitlines() if line.startswith(f"{SOURCE}=="))
    failed = []
    with tempfile.TemporaryDirectory() as folder:
        built = pip("wheel", "--no-deps", "--wheel-dir", folder, pinned)
        if built.returncode:
            sys.exit(f"{pinned} cannot be built:\n{built.stderr}")
        place = ["--target", f"{folder}/none", "--find-links", folder, "--constraint", str(constraints)]
        for python in PYTHONS:
            words = ["--dry-run", "--ignore-installed", "--only-binary=:all:", "--python-version", python]
            found = pip("install", *words, *place, *wanted())
            print(f"Python {python}: {'resolved' if found.returncode == 0 else found.stderr.strip()}")
            failed += [python] if found.returncode else []
    sys.exit(f"no answer on Python {', '.join(failed)}" if failed else 0)


if __name__ == "__main__":
    main()
