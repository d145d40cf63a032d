"""Bad input gets one clear screen: the key, the value, what is allowed; exit code 2 and nothing written."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from conftest import Lab

REFUSALS = {
    "inputs.d=abc": ("inputs.d", "'abc'", "an integer >= 1"),
    "inputs.n=0": ("inputs.n", "0", "an integer >= 1"),
    "inputs.n=4,0,8,-3": ("inputs.n", "-3", "an integer >= 1"),
    "inputs.n=null": ("inputs.n", "None", "an integer >= 1"),
    "seed=abc": ("seed", "'abc'", "an integer"),
    "trials=0": ("trials", "0", "an integer"),
    "repeats=0": ("repeats", "0", "an integer >= 1"),
    "level=high": ("level", "'high'", "an integer"),
    "temperature=-1": ("temperature", "-1", "weights.temperature"),
    "decoder=nonsense": ("decoder", "'nonsense'", "simplex"),
    "inputs=nonsense": ("inputs", "'nonsense'", "gaussian"),
    "inputs=gaussian,nonsense": ("inputs", "'nonsense'", "gaussian"),
    "inputs=glob(zzz*)": ("inputs", "zzz", "at least one value"),
    "experiment=nonsense": ("experiment", "'nonsense'", "noop"),
    "seeed=1": ("seeed", "1", "seed"),
    "inputs.depth=3": ("inputs.depth", "3", "inputs.d"),
    "probe=pointer": ("probe", "'pointer'", "a setting of this run"),
    "inputs.n=interval(1,4)": ("inputs.n", "interval", "values that can be listed"),
    "action=dance": ("action", "'dance'", "plan, report, run, status"),
    "size=huge": ("size", "huge", "quick"),
    "exec.workers=0": ("exec.workers", "0", "an integer >= 1"),
    "exec=local,serial": ("exec", "local,serial", "cannot be swept"),
    "--colour": ("--colour", "", "key=value"),
    "inputs.n": ("inputs.n", "", ""),
    "inputs.n=[1,2": ("inputs.n", "[1,2", ""),
    "=3": ("=3", "", ""),
    "level={a:1}": ("level", "{'a': 1}", "an integer"),
    "level=${nope}": ("level", "nope", "not found"),
    "level=${level}": ("level", "", "Recursive"),
    "+foo=1": ("foo", "1", "a setting of this run"),
    "+foo=1,2": ("foo", "1", "a setting of this run"),
    "inputs@x=gaussian": ("inputs@x", "gaussian", ""),
    "inputs._target_=attnlab.inputs.tied.Tied": ("inputs._target_", "Tied", "inputs.n"),
    "study=../out": ("study", "'../out'", "no slash"),
    "study=a/b": ("study", "'a/b'", "no slash"),
    "study=.": ("study", "'.'", "no leading dot"),
    "results=null": ("results", "None", "text"),
    "experiment.grids=3": ("size", "quick", "grids are 3"),
    "experiment.figures=3": ("experiment.figures", "3", "a list of figures"),
    "experiment.figures=[3]": ("experiment.figures", "3", "a list of figures"),
    "experiment=noop,recovery study=both": ("study", "'both'", "one experiment"),
}


@pytest.mark.parametrize("word", REFUSALS)
def test_a_bad_setting_is_refused_by_name(lab: Lab, word: str) -> None:
    words = word.split() if word.startswith("experiment=") else ["experiment=noop", word]
    answer = lab(*words)
    assert answer.code == 2
    assert "Traceback" not in answer.err
    assert len(answer.err.splitlines()) <= 30
    for part in REFUSALS[word]:
        assert part in answer.err
    assert not lab.results.exists()


def test_every_bad_cell_is_listed_before_any_runs(lab: Lab) -> None:
    answer = lab("experiment=noop", "inputs.n=0,4", "inputs.d=x", "level=y")
    assert answer.code == 2
    for key in ("inputs.n = 0", "inputs.d = 'x'", "level = 'y'"):
        assert key in answer.err


def test_a_broken_yaml_is_named(lab: Lab) -> None:
    (lab.folder / "mine" / "experiment" / "torn.yaml").write_text("experiment: {module: [\n")
    answer = lab("experiment=torn")
    assert answer.code == 2
    assert "torn.yaml" in answer.err and "Traceback" not in answer.err
    assert not lab.results.exists()


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("", "experiment.module"),
        ("experiment: 3", "experiment"),
        ("experiment: {module: noop}", "experiment.grids"),
        ("experiment: {module: noop, grids: {}}", "size = 'quick'"),
        ("experiment: {module: noop, grids: {quick: null}}", "experiment.grids.quick"),
        ("experiment: {module: noop, grids: {quick: {}}}", "experiment.grids.quick"),
        ("experiment: {module: noop, grids: {quick: [1]}}", "experiment.grids.quick"),
        ("experiment: {module: noop, grids: {quick: {a: {level: null}}}}", "level = None"),
        ("experiment: {module: noop, grids: {quick: {a: {depth: 3}}}}", "depth = 3"),
        ("experiment: {module: torn, grids: {quick: {a: {level: 1}}}}", "SyntaxError"),
    ],
)
def test_an_experiment_that_cannot_be_read_is_refused(lab: Lab, body: str, told: str) -> None:
    (lab.folder / "mine" / "torn.py").write_text("def trial(:\n")
    text = f"# @package _global_\nlevel: 0\nmood: fine\n{body}\n"
    (lab.folder / "mine" / "experiment" / "mine.yaml").write_text(text)
    answer = lab("experiment=mine")
    assert answer.code == 2 and told in answer.err and "Traceback" not in answer.err
    assert not lab.results.exists()


def test_a_missing_module_is_named(lab: Lab) -> None:
    path = lab.folder / "mine" / "experiment" / "lost.yaml"
    path.write_text(
        "# @package _global_\nexperiment: {module: no_such_module, grids: {quick: {a: {seed: 1}}}}\n"
    )
    answer = lab("experiment=lost")
    assert answer.code == 2 and "no_such_module" in answer.err


def test_a_folder_that_cannot_be_written_is_refused(lab: Lab) -> None:
    blocked = lab.folder / "a_file"
    blocked.write_text("")
    answer = lab("experiment=noop", f"results={blocked}/results")
    assert answer.code == 2 and str(blocked) in answer.err and "Traceback" not in answer.err
    assert blocked.read_text() == ""


def test_a_config_folder_that_does_not_exist_is_refused(lab: Lab) -> None:
    answer = lab("--config-dir", str(lab.folder / "nowhere"), "experiment=noop")
    assert answer.code == 2 and "a folder that exists" in answer.err


def test_settings_of_parts_refuse_by_name(lab: Lab) -> None:
    answer = lab("experiment=recovery", "weights.temperature=-1")
    assert answer.code == 2
    assert "weights.temperature = -1" in answer.err and "a finite number > 0" in answer.err


@pytest.mark.parametrize("words", [("--help",), ("--cfg", "job"), ("--info", "defaults-tree")])
def test_information_commands_are_hydras_own(words: tuple[str, ...], tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "attnlab", *words], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "inputs" in done.stdout
    assert not list(tmp_path.iterdir())
