"""What a command says of names that mean something else, of nothing where a name belongs, and of closed pipes."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from conftest import Lab

import attnlab
from attnlab.harness.guest import THREADS
from attnlab.harness.summary import returned

ONE = ("experiment=noop", "level=1", "inputs.n=4", "exec=serial")
OWN = '''"""Own: what is it called?"""
import numpy as np
VERSION = 1


def trial(inputs, trials, rng):
    return {row}
'''


def own(lab: Lab, row: str, name: str = "own", figures: str = "[]") -> None:
    """An experiment whose trial returns this row."""
    (lab.folder / "mine" / f"{name}.py").write_text(OWN.format(row=row))
    text = f"experiment: {{module: {name}, grids: {{quick: {{a: {{inputs.n: '4'}}}}}}, figures: {figures}}}"
    (lab.folder / "mine" / "experiment" / f"{name}.yaml").write_text(
        f"# @package _global_\ntrials: 3\n{text}\n"
    )


@pytest.mark.parametrize(
    "name", ["trials", "value", "inputs.n", "status", "key", "metric", "repeat", "trial"]
)
def test_a_metric_named_as_a_column_fails_the_cell(lab: Lab, name: str) -> None:
    own(lab, f'{{"{name}": np.ones(trials), "mine": np.ones(trials)}}')
    answer = lab("experiment=own", "exec=serial")
    assert answer.code == 1
    assert f"own.trial: a metric may not be named as a column: {name}" in answer.err


def test_an_empty_dict_is_called_empty() -> None:
    with pytest.raises(ValueError, match=r"one for each metric, got an empty dict$"):
        returned("own.trial", {}, {}, 3)
    with pytest.raises(ValueError, match=r"one for each metric, got None$"):
        returned("own.trial", None, {}, 3)


def test_threads_run_one_after_the_other(tmp_path: Path) -> None:
    before, told = {name: os.environ.get(name) for name in THREADS}, list[object]()

    def run(number: int) -> None:
        try:
            study = attnlab.run(
                "recovery",
                "inputs.n=4",
                weights="hard",
                decoder="nearest_value",
                trials=3,
                exec="serial",
                results=tmp_path / str(number),
            )
            told.append(study.counts)
        except Exception as error:
            told.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert told == [{"done": 1}] * 4
    assert {name: os.environ.get(name) for name in THREADS} == before


def test_studies_of_different_experiments_are_not_compared(lab: Lab) -> None:
    own(lab, '{"draw": np.ones(trials)}')
    assert lab("experiment=own", "exec=serial").code == 0 and lab(*ONE).code == 0
    answer = lab("action=compare", "a=noop", "b=own")
    assert answer.code == 2
    assert "two studies of one experiment: noop holds noop, own holds own" in answer.err
    one, two = (attnlab.load(lab.results / name) for name in ("noop", "own"))
    with pytest.raises(ValueError, match="two studies of one experiment"):
        one.compare(two)
    with pytest.raises(TypeError, match=r"expected a Study, .* got 'own' \(str\)"):
        one.compare("own")  # type: ignore[arg-type]


def test_a_study_does_not_take_over_the_folder_of_another_experiment(lab: Lab) -> None:
    own(lab, '{"draw": np.ones(trials)}')
    assert lab(*ONE, "study=mine").code == 0
    before = (lab.results / "mine" / "grid.json").read_bytes()
    for action in ("run", "plan"):
        answer = lab("experiment=own", "study=mine", f"action={action}")
        assert answer.code == 2 and "1 record of noop, which is another experiment" in answer.err
        assert "study = mine" in answer.err and "another name" in answer.err
    assert (lab.results / "mine" / "grid.json").read_bytes() == before
    assert lab(*ONE, "study=mine", "level=2").code == 2  # a key given twice is another matter
    assert lab("experiment=noop", "level=2", "inputs.n=4", "exec=serial", "study=mine").code == 0
    for action in ("report", "status", "show"):
        assert lab("study=mine", f"action={action}").code == 0


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("study=", "study = ''"),
        ("study=" + "x" * 300, "a name of at most 120 bytes, got 300"),
        ("study=" + "x" * 121, "a name of at most 120 bytes, got 121"),
        ("study=index.html", "study = index.html"),
        ("study=index.md", "study = index.md"),
        ("figures={name: a}", "a list of figures, each"),
        ("experiment.figures={name: a}", "a list of figures, each"),
        ("~inputs", "inputs to stay, which the trial uses"),
    ],
)
def test_names_that_cannot_be_are_refused_under_their_key(lab: Lab, word: str, said: str) -> None:
    answer = lab(*ONE[:1], word)
    assert answer.code == 2 and said in answer.err, answer.err
    assert not lab.results.exists()


def test_a_name_in_the_quotes_that_were_advised_and_the_longest_one_work(lab: Lab) -> None:
    for name in ("naïve", "x" * 120):
        assert lab(*ONE, f"study='{name}'").code == 0
        assert (lab.results / name / "grid.json").is_file()
    assert lab(*ONE, "study=" + "y" * 120, "seed=1").code == 0
    assert lab("action=compare", "a=" + "x" * 120, "b=" + "y" * 120).code == 0


def test_results_from_an_unset_variable_are_refused(
    lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.iterdir())
    answer = lab.command("results=")
    assert answer.code == 2 and "results = ''" in answer.err
    assert sorted(tmp_path.iterdir()) == before
    with pytest.raises(ValueError, match="results = ''"):
        attnlab.run("recovery", results="")


def test_a_text_typed_as_a_number_is_told_to_be_quoted(lab: Lab) -> None:
    mine = lab.folder / "mine"
    (mine / "named.py").write_text(
        "from dataclasses import dataclass\nfrom attnlab.decoders.simplex import Simplex\n\n\n"
        "@dataclass(frozen=True)\nclass Named(Simplex):\n    how: str = 'well'\n"
    )
    (mine / "decoder").mkdir()
    (mine / "decoder" / "named.yaml").write_text("_target_: named.Named\nhow: well\n")
    answer = lab("experiment=recovery", "decoder=named", "decoder.how=nan", "action=plan")
    assert answer.code == 2 and "'\"nan\"'" in answer.err, answer.err
    assert lab("experiment=recovery", "decoder=named", "decoder.how='nan'", "action=plan").code == 0


def test_a_figure_of_a_metric_there_is_not_is_said_after_the_run(lab: Lab) -> None:
    figures = (
        "[{name: typo, kind: lines, x: inputs.n, y: drwa}, {name: fine, kind: lines, x: inputs.n, y: draw}]"
    )
    own(lab, '{"draw": np.ones(trials)}', figures=figures)
    answer = lab("experiment=own", "exec=serial")
    said = [line for line in answer.err.splitlines() if "figure" in line]
    assert answer.code == 0 and len(said) == 1, answer.err
    assert "figure typo" in said[0] and "did you mean draw?" in said[0]


def test_the_terminal_shows_a_number_for_every_cell_that_has_one(lab: Lab) -> None:
    row = (
        '{"left": np.ones(trials)} if inputs.n == 4 else {"right": np.zeros(trials), "more": np.ones(trials)}'
    )
    own(lab, row, figures="[{name: a, kind: lines, x: inputs.n, y: left}]")
    answer = lab("experiment=own", "inputs.n=4,8", "exec=serial")
    four, eight = (line for line in answer.out.splitlines() if line.split()[:1] in (["4"], ["8"]))
    assert "left" in answer.out and four.split()[1].startswith("1"), answer.out
    assert eight.replace("no value", "-").split()[2].startswith("1"), answer.out


@pytest.mark.parametrize(("mood", "code"), [("fine", 0), ("raise", 1)])
@pytest.mark.parametrize("unbuffered", [False, True])
def test_a_reader_who_stops_reading_is_no_failure(lab: Lab, mood: str, code: int, unbuffered: bool) -> None:
    """As `| head -1` with a pipe that is closed at once; a cell that failed is still one that failed."""
    assert lab(*ONE, f"mood={mood}").code == code
    words = [f"--config-dir={lab.folder / 'mine'}", f"results={lab.results}", *ONE, f"mood={mood}"]
    for asked in ([*words], ["--help"]):
        read, write = os.pipe()
        os.close(read)
        with os.fdopen(write, "w") as closed:
            flags = ["-u"] if unbuffered else []
            done = subprocess.run(
                [sys.executable, *flags, "-m", "attnlab", *asked],
                stdout=closed,
                stderr=subprocess.PIPE,
                text=True,
                check=False,
            )
        assert done.returncode == (0 if asked == ["--help"] else code), done.stderr
        assert "Broken" not in done.stderr and "Exception ignored" not in done.stderr
