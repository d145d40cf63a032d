"""`make test-versions`: the harness on every Python and Hydra supported, and on the oldest libraries allowed.

The constraints are resolved for every Python, whichever one runs this. Where an interpreter of that version is
found (on the path, or pyenv's), the harness tests run on it, in an environment of their own under build/versions;
then, on this one, with each Hydra, and with the lowest version that pyproject.toml allows of every dependency.
Needs a package index.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
HYDRAS = ("1.3.5", "1.4.0rc3")
"""Beside the one that constraints.txt pins: the oldest, and the next that is announced."""
EXTRAS = ("dev", "torch", "slurm", "dask", "audit")
"""What the commands of Makefile and CI install; where the harness tests run: dev, slurm and dask."""
SOURCE = "antlr4-python3-runtime"
"""What has no wheel, pure Python: it is built here, so that all the rest can be looked up for another Python."""
TESTS = (
    "run",
    "endings",
    "queued",
    "sweep",
    "choices",
    "named_sweeps",
    "heeded",
    "information",
    "guest",
    "store",
    "spreadsheets",
    "odd_characters",
    "versions",
)
"""The tests of the harness: all that touches Hydra, processes, files and tables, and little that computes.

They take four minutes of CPU in each environment, of which there are seven: half an hour on one core. So not all
tests of sweeps are among them; each kind of thing that a version could change is: Hydra's grammar and composing
(sweep, choices, information), processes, signals and timeouts (run, endings, guest), records and tables (store,
named_sweeps, spreadsheets, odd_characters), what a cluster's queue says (queued), what is refused (heeded) and
what a user is told (versions).
"""


def project() -> dict[str, list[str]]:
    """The requirements of attnlab and of its extras, by extra ('': its own)."""
    told = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return {"": told["dependencies"], **told["optional-dependencies"]}


def oldest(requirement: str) -> str:
    """The lowest version that a requirement allows: `numpy>=2.0` as `numpy==2.0`; one without bounds as it is."""
    name, bound, rest = requirement.partition(">=")
    return f"{name}=={rest.partition(',')[0].strip()}" if bound else requirement


def pip(python: Path | str, *words: str) -> subprocess.CompletedProcess[str]:
    command = [str(python), "-m", "pip", "--quiet", "--disable-pip-version-check", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def resolve() -> list[str]:
    """Look for an answer to the constraints on every Python; what has none."""
    constraints = ROOT / "constraints.txt"
    (pinned,) = (line for line in constraints.read_text().splitlines() if line.startswith(f"{SOURCE}=="))
    wanted = [one for name in ("", *EXTRAS) for one in project()[name]]
    failed = []
    with tempfile.TemporaryDirectory() as folder:
        built = pip(sys.executable, "wheel", "--no-deps", "--wheel-dir", folder, pinned)
        if built.returncode:
            sys.exit(f"{pinned} cannot be built:\n{built.stderr}")
        place = ["--target", f"{folder}/none", "--find-links", folder, "--constraint", str(constraints)]
        for python in PYTHONS:
            words = ["--dry-run", "--ignore-installed", "--only-binary=:all:", "--python-version", python]
            found = pip(sys.executable, "install", *words, *place, *wanted)
            print(
                f"Python {python}: {'resolved' if found.returncode == 0 else found.stderr.strip()}",
                flush=True,
            )
            failed += [f"no answer on Python {python}"] if found.returncode else []
    return failed


def interpreter(version: str) -> str | None:
    """A Python of this version, None if there is none here."""
    here = f"{sys.version_info.major}.{sys.version_info.minor}"
    homes = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    known = [sys.executable] if version == here else []
    known += [str(path) for path in sorted(homes.glob(f"{version}.*/bin/python"))]
    known += [path for path in [shutil.which(f"python{version}")] if path]
    ask = "import sys; print('%d.%d' % sys.version_info[:2])"
    for path in known:  # one of pyenv's shims may stand for nothing
        done = subprocess.run([path, "-c", ask], capture_output=True, text=True, check=False)
        if done.stdout.strip() == version:
            return path
    return None


def environment(name: str, python: str, *words: str) -> tuple[Path, str]:
    """An environment with attnlab in it, made anew; its Python, and what pip says if it could not be made."""
    folder = ROOT / "build" / "versions" / name
    shutil.rmtree(folder, ignore_errors=True)
    made = subprocess.run([python, "-m", "venv", str(folder)], capture_output=True, text=True, check=False)
    own = folder / "bin" / "python"
    done = pip(own, "install", *words) if made.returncode == 0 else made
    return own, "" if done.returncode == 0 else done.stderr.strip() or "no environment"


def test(told: str, python: Path) -> list[str]:
    """Run the harness tests; what failed."""
    files = [f"tests/test_{name}.py" for name in TESTS]
    alone = {name: text for name, text in os.environ.items() if not re.match("PYTHON|MAKE|MFLAGS", name)}
    command = [str(python), "-m", "pytest", "-q", "-p", "no:cacheprovider", "-n", "auto", *files]
    done = subprocess.run(command, cwd=ROOT, env=alone, capture_output=True, text=True, check=False)
    last = (done.stdout.strip().splitlines() or [done.stderr.strip()])[-1]
    print(f"{told}: {'passed' if done.returncode == 0 else done.stdout[-4000:]}  {last}", flush=True)
    return [f"tests fail on {told}"] if done.returncode else []


def on_pythons() -> list[str]:
    """The harness tests on every Python that is here, and on this one with every Hydra; what failed."""
    pinned = ["--constraint", str(ROOT / "constraints.txt")]
    failed = []
    for version in PYTHONS:
        python = interpreter(version)
        if python is None:
            print(f"Python {version}: not here, so only resolved")
            continue
        own, wrong = environment(
            f"python-{version}", python, *pinned, "--editable", f"{ROOT}[dev,slurm,dask]"
        )
        failed += [f"Python {version}: {wrong}"] if wrong else test(f"Python {version}", own)
        for hydra in HYDRAS if python == sys.executable and not wrong else ():
            done = pip(own, "install", f"hydra-core=={hydra}")
            told = f"Python {version} with Hydra {hydra}"
            failed += [f"{told}: {done.stderr.strip()}"] if done.returncode else test(told, own)
    return failed


def on_oldest() -> list[str]:
    """The harness tests with the lowest version of everything; what failed."""
    known = project()
    low = [oldest(one) for name in ("", "slurm", "dask") for one in known[name]]
    own, wrong = environment("oldest", sys.executable, *low, *known["dev"], "--editable", str(ROOT))
    return [f"the oldest of everything: {wrong}"] if wrong else test("the oldest of everything", own)


def main(asked: Sequence[str]) -> None:
    """Do it all, or the parts that are asked for; exit 1 naming what failed."""
    parts = {"resolve": resolve, "pythons": on_pythons, "oldest": on_oldest}
    failed = [problem for name in asked or parts for problem in parts[name]()]
    sys.exit("\n".join(failed) if failed else 0)


if __name__ == "__main__":
    main(sys.argv[1:])
