"""An installed wheel works like a checkout: from another folder, non-editable, with configs of one's own."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pandas as pd
import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of a new environment that holds the wheel; its libraries are those of this one."""
    place = tmp_path_factory.mktemp("wheel")
    words = ["wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", str(place), str(ROOT)]
    built = subprocess.run(
        [sys.executable, "-m", "pip", *words],
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(place / "env")], check=True)
    (packages,) = (place / "env" / "lib").glob("python*/site-packages")
    (wheel,) = place.glob("*.whl")
    zipfile.ZipFile(wheel).extractall(packages)  # what pip does with a wheel without scripts
    (packages / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return place / "env" / "bin" / "python"


def run(python: Path, folder: Path, *words: str) -> str:
    """What a command of the environment prints; fails where it fails."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(
        [python, *words], cwd=folder, env=plain, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_wheel_installs_one_package(installed: Path, tmp_path: Path) -> None:
    code = (
        "import importlib.util, attnlab, attnlab.experiments.recovery as one\n"
        "assert importlib.util.find_spec('experiments') is None\n"
        "print(attnlab.__file__, one.__name__, one.__file__)"
    )
    package, name, module = run(installed, tmp_path, "-c", code).split()
    assert Path(package).is_relative_to(installed.parents[1])
    assert name == "attnlab.experiments.recovery"
    assert Path(module).parent == Path(package).parent / "experiments"


def test_the_wheel_plans_runs_and_takes_ones_own(installed: Path, tmp_path: Path) -> None:
    shutil.copytree(Path(__file__).with_name("mine"), tmp_path / "mine")
    lab = ("-m", "attnlab", "exec=serial", "trials=4")
    tiny = ("experiment=recovery", "weights=hard", "decoder=simplex", "inputs.n=8")
    assert "1 cell in all, 1 to run" in run(installed, tmp_path, *lab, *tiny, "action=plan")
    run(installed, tmp_path, *lab, *tiny)
    assert (tmp_path / "results" / "recovery" / "report.html").stat().st_size > 0
    own = ("--config-dir", "mine", "experiment=noop", "level=1", "inputs.n=4", "action=plan")
    assert "1 cell in all, 1 to run" in run(installed, tmp_path, *lab, *own)


DECODER = """
from dataclasses import dataclass

from attnlab.decoders.base import Decoder, estimate


@dataclass(frozen=True)
class Even(Decoder):
    def __call__(self, outputs, sample):
        return estimate(sample.mask / sample.mask.sum(axis=1, keepdims=True), outputs, sample)
"""


def test_ones_own_decoder_runs_and_two_sweeps_are_compared(installed: Path, tmp_path: Path) -> None:
    """From a folder that holds nothing but the decoder; the numbers are those of the files of the wheel."""
    (tmp_path / "mine" / "decoder").mkdir(parents=True)
    (tmp_path / "mine" / "even_guess.py").write_text(DECODER)
    (tmp_path / "mine" / "decoder" / "even.yaml").write_text("_target_: even_guess.Even\n")
    lab = ("-m", "attnlab", "--config-dir=mine")
    tiny = ("exec=serial", "trials=4", "experiment=recovery", "weights=hard", "inputs.n=8")
    told = run(installed, tmp_path, *lab, *tiny, "decoder=even,nearest_value", "study=own")
    assert "own: 2 done" in told and "even" in told
    run(installed, tmp_path, *lab, *tiny, "decoder=even,simplex", "study=theirs", "seed=1")
    told = run(installed, tmp_path, *lab, "action=compare", "a=own", "b=theirs")
    assert told.startswith("own and theirs have 1 cell in common")
    assert "They differ in seed (0 and 1)." in told
    results = tmp_path / "results"
    assert (results / "compare" / "own-vs-theirs" / "report.html").exists()
    table = pd.read_csv(results / "compare" / "own-vs-theirs" / "results.csv")
    for side, name in (("key_a", "own"), ("key_b", "theirs")):
        stored = pd.read_csv(results / name / "results.csv")
        assert set(table[side]) == set(stored.loc[stored["decoder"] == "even", "key"])


def test_the_wheel_works_from_python(installed: Path, tmp_path: Path) -> None:
    code = (
        "import attnlab\n"
        "words = dict(weights='hard', decoder='nearest_value', exec='serial', trials=4)\n"
        "one, two = (attnlab.run('recovery', 'inputs.n=8', study=name, **words) for name in ('one', 'two'))\n"
        "again = attnlab.load('results/one')\n"
        "print(again.counts, attnlab.studies(), bool((one.compare(two)['difference'].dropna() == 0).all()))\n"
        "print(attnlab.collide([[0, 0], [1, 0], [0, 1], [1, 1]]).found.all(), attnlab.__version__)"
    )
    told = run(installed, tmp_path, "-c", code).splitlines()
    version = re.search(r'^version = "(.+)"$', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert version is not None
    assert told == ["{'done': 1} ['one', 'two'] True", f"True {version[1]}"]
    package = next(installed.parents[1].glob("lib/python*/site-packages/attnlab"))
    assert (package / "py.typed").is_file() and (package / "__init__.pyi").is_file()
