"""Bad input gets one clear screen: the key, the value, what is allowed; exit code 2 and nothing written."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from conftest import Answer, Lab

REFUSALS = {
    "inputs.d=abc": ("inputs.d", "abc", "an integer >= 1"),
    "inputs.n=0": ("inputs.n", "0", "an integer >= 1"),
    "inputs.n=4,0,8,-3": ("inputs.n", "-3", "an integer >= 1"),
    "inputs.n=null": ("inputs.n", "null", "an integer >= 1"),
    "seed=abc": ("seed", "abc", "an integer"),
    "trials=0": ("trials", "0", "an integer"),
    "repeats=0": ("repeats", "0", "an integer >= 1"),
    "level=high": ("level", "high", "an integer"),
    "temperature=-1": ("temperature", "-1", "weights.temperature"),
    "decoder=nonsense": ("decoder", "nonsense", "simplex"),
    "inputs=nonsense": ("inputs", "nonsense", "gaussian"),
    "inputs=gaussian,nonsense": ("inputs", "nonsense", "gaussian"),
    "inputs=glob(zzz*)": ("inputs", "zzz", "at least one value"),
    "experiment=nonsense": ("experiment", "nonsense", "noop"),
    "seeed=1": ("seeed", "1", "seed"),
    "inputs.depth=3": ("inputs.depth", "3", "inputs.d"),
    "probe=pointer": ("probe", "pointer", "a setting of this run"),
    "inputs.n=interval(1,4)": ("inputs.n", "interval", "values that can be listed"),
    "action=dance": ("action", "dance", "plan, report, run, show, status"),
    "size=huge": ("size", "huge", "quick"),
    "exec.workers=0": ("exec.workers", "0", "an integer >= 1"),
    "exec=local,serial": ("exec", "local,serial", "cannot be swept"),
    "--colour": ("--colour", "", "key=value"),
    "inputs.n": ("inputs.n", "", ""),
    "inputs.n=[1,2": ("inputs.n", "[1,2", ""),
    "=3": ("=3", "", ""),
    "level={a:1}": ("level", "{a: 1}", "an integer"),
    "level=${nope}": ("level", "nope", "not found"),
    "level=${level}": ("level", "", "Recursive"),
    "+foo=1": ("foo", "1", "a setting of this run"),
    "+foo=1,2": ("foo", "1", "a setting of this run"),
    "inputs@x=gaussian": ("inputs@x", "gaussian", ""),
    "inputs.target=attnlab.inputs.tied.Tied": ("inputs.target", "Tied", "inputs.n"),
    "study=../out": ("study", "../out", "no slash"),
    "study=a/b": ("study", "a/b", "no slash"),
    "study=.": ("study", ".", "no leading dot"),
    "experiment.grids=3": ("experiment.grids", "3", "grids by their size"),
    "experiment.figures=3": ("experiment.figures", "3", "a list of figures"),
    "experiment.figures=[3]": ("experiment.figures", "3", "a list of figures"),
    "experiment=recovry": ("experiment", "recovry", "did you mean recovery?"),
    "decoder=simplx": ("decoder", "simplx", "did you mean simplex?"),
    "inputs=gausian,tied": ("inputs", "gausian", "did you mean gaussian?"),
    "trails=9": ("trails", "9", "did you mean trials?"),
    "imputs.n=9": ("imputs.n", "9", "did you mean inputs.n?"),
    "n=9": ("n", "9", "did you mean inputs.n?"),
    "exec.worker=3": ("exec.worker", "3", "did you mean exec.workers?"),
    "exec=serail": ("exec", "serail", "did you mean serial?"),
    "size=ful": ("size", "ful", "did you mean full?"),
    "action=sttus": ("action", "sttus", "did you mean status?"),
    "experiment.titel=x": ("experiment.titel", "x", "did you mean experiment.title?"),
    "stduy=x": ("stduy", "x", "did you mean study?"),
    "recovry": ("recovry", "key=value", "did you mean experiment=recovery?"),
    "simplex": ("simplex", "key=value", "did you mean decoder=simplex?"),
    "--confgi-dir=x": ("--confgi-dir", "key=value", "did you mean --config-dir?"),
    "+inputs.dd=3": ("inputs.dd", "3", "n, d, e; did you mean d?"),
    "~foo": ("foo", "null", "a setting: action"),
    "inputs.n=8 inputs.n=16": ("inputs.n", "8 and 16", "inputs.n=8,16"),
    "decoder=simplex decoder=max_entropy": ("decoder", "simplex and max_entropy", "one of them"),
    "seed=1 seed=1": ("seed", "1 and 1", "one of them"),
    "hydra.sweep.dir=x": ("hydra.sweep.dir", "x", "results=DIR"),
    "hydra.run.dir=x": ("hydra.run.dir", "x", "results=DIR"),
    "hydra/launcher=joblib": ("hydra/launcher", "joblib", "exec=local"),
    "hydra.searchpath=[x]": ("hydra.searchpath", "[x]", "--config-dir"),
    "hydra.job.chdir=true": ("hydra.job.chdir", "true", "results=DIR"),
    "hydra.verbose=true": ("hydra.verbose", "true", "no effect"),
    "weights.map=sofmax weights=equal_entropy experiment=recovery": (
        "weights.map",
        "sofmax",
        "did you mean softmax?",
    ),
    "weights.alpha=2 weights=softmax experiment=recovery": (
        "weights.alpha",
        "2",
        "weights.temperature",
        "weights.concentration (dirichlet)",
    ),
    "probe.width=3 experiment=recovery": ("probe.width", "3", "which uses channel, decoder"),
    "experiment=noop,recovery study=both": ("study", "both", "one experiment"),
}


@pytest.mark.parametrize("word", REFUSALS)
def test_a_bad_setting_is_refused_by_name(lab: Lab, word: str) -> None:
    words = word.split()
    answer = lab(*words, *([] if "experiment=" in word else ["experiment=noop"]))
    assert answer.code == 2
    assert not any(dump in answer.err for dump in ("Traceback", "earch path", "_target_", "provider="))
    assert len(answer.err.splitlines()) <= 30
    for part in REFUSALS[word]:
        assert part in answer.err
    assert not lab.results.exists()


def test_every_bad_cell_is_listed_before_any_runs(lab: Lab) -> None:
    answer = lab("experiment=noop", "inputs.n=0,4", "inputs.d=x", "level=y")
    assert answer.code == 2
    for key in ("inputs.n = 0", "inputs.d = x", "level = y"):
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
        ("", "module"),
        ("experiment: 3", "experiment"),
        ("experiment: {module: noop}", "grids"),
        ("experiment: {module: noop, grids: {}}", "size = quick"),
        ("experiment: {module: noop, grids: {quick: null}}", "  grids.quick"),
        ("experiment: {module: noop, grids: {quick: {}}}", "  grids.quick"),
        ("experiment: {module: noop, grids: {quick: [1]}}", "  grids.quick"),
        ("experiment: {module: noop, grids: {quick: {a: {level: null}}}}", "level = null"),
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


def test_what_is_null_is_shown_as_it_is_typed(command: Callable[..., Answer]) -> None:
    answer = command("experiment=recovery", "results=null")
    assert answer.code == 2 and "results = null" in answer.err and "expected text" in answer.err


def test_a_broken_yaml_stops_only_what_uses_it(lab: Lab) -> None:
    mine = lab.folder / "mine"
    (mine / "decoder").mkdir()
    for place in ("decoder/torn.yaml", "experiment/torn.yaml"):
        (mine / place).write_text("a: {b: [\n")
    assert lab("experiment=noop", "action=plan").code == 0
    assert lab("experiment=recovery", "decoder=simplex", "action=plan").code == 0
    assert lab("experiment=recovery", "inputs.dd=3").code == 2  # the hint reads other files of a group
    for asked in (("--help",), ("-h", "decoder"), ("--cfg", "job"), ("--info", "defaults-tree")):
        assert lab(*asked).code == 0
    for words in (
        ("experiment=recovery", "decoder=glob(*)"),
        ("experiment=torn",),
        ("--cfg", "job", "decoder=torn"),
    ):
        answer = lab(*words)
        assert answer.code == 2 and "torn.yaml, line" in answer.err
        assert "Traceback" not in answer.err
    assert not lab.results.exists()


def test_the_tour_leaves_out_what_cannot_be_read_and_says_so(lab: Lab) -> None:
    (lab.folder / "mine" / "experiment" / "torn.yaml").write_text("a: {b: [\n")
    answer = lab("action=plan", "size=quick")
    assert answer.code == 0 and "noop" in answer.out and "recovery" in answer.out
    assert "torn is left out" in answer.err and "torn.yaml" in answer.err
