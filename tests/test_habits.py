"""Habits: what a benchmark must do, what is checked before a commit, and that types are handed on."""

from __future__ import annotations

import ast
import io
import json
import os
import re
import subprocess
import sys
import tokenize
from pathlib import Path

import pytest
import yaml
from ledger import Ledger

ROOT = Path(__file__).parents[1]
SCRIPTS = sorted(path for path in (ROOT / "benchmarks").glob("*.py") if path.stem != "ledger")
ORIGIN = {"benchmark", "at", "commit", "python", "versions", "cores"}


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_a_benchmark_promises_and_its_exit_code_says_whether_it_kept_that(path: Path) -> None:
    """Its last act is `sys.exit(...)`, its ledger has its own name, and stdout is the ledger's alone."""
    tree = ast.parse(path.read_text())
    calls = [ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Call)]
    assert f"Ledger('{path.stem}')" in calls
    assert any(".at_least(" in call or ".at_most(" in call for call in calls), "nothing could be missed"
    assert any(call.endswith(".close()") for call in calls)
    assert not any(call.startswith("print(") for call in calls), "say it, on stderr"
    main = tree.body[-1]
    assert isinstance(main, ast.If) and ast.unparse(main.body[-1]).startswith("sys.exit(")


def test_a_missed_promise_is_an_exit_code_and_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    for value, code in ((2.0, 0), (1.9, 1), (float("nan"), 1)):
        ledger = Ledger("trial")
        ledger.at_least("ratio", value, 2.0)
        ledger.at_most("seconds", 1.0, 1.0)
        ledger.figure("size", 12345.6)
        assert ledger.close() == code
        line = json.loads(capsys.readouterr().out)
        assert set(line) == ORIGIN | {"figures", "promises", "missed"}
        assert line["missed"] == (["ratio"] if code else [])
        assert line["promises"]["seconds"] == {"value": 1.0, "at_most": 1.0}
        assert line["figures"] == {"size": 12350.0}
    ledger = Ledger("trial")
    ledger.at_most("seconds", 1.1, 1.0)
    assert ledger.close() == 1
    with pytest.raises(ValueError, match="a promise of trial"):
        Ledger("trial").close()


def test_the_history_is_of_benchmarks_that_exist_and_names_no_machine() -> None:
    lines = [json.loads(line) for line in (ROOT / "benchmarks" / "history.jsonl").read_text().splitlines()]
    assert lines
    for line in lines:
        assert set(line) == ORIGIN | {"figures", "promises", "missed"}
        assert line["benchmark"] in {path.stem for path in SCRIPTS}
        assert line["promises"]


def test_the_makefile_runs_every_benchmark_and_keeps_its_line() -> None:
    recipe = subprocess.run(
        ["make", "-n", "bench", "VENV=/nowhere"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    for path in SCRIPTS:
        assert f"benchmarks/{path.name}" in recipe
    assert "ledger.py" not in recipe and ">> benchmarks/history.jsonl || missed=1" in recipe


def test_a_missed_benchmark_fails_the_make_target(tmp_path: Path) -> None:
    """The recipe itself, with scripts that miss, keep and break their promise."""
    (tmp_path / "benchmarks").mkdir()
    for name, code in (("a", 1), ("b", 0)):
        (tmp_path / "benchmarks" / f"{name}.py").write_text(f"print('{name}'); raise SystemExit({code})")
    (tmp_path / "Makefile").write_text((ROOT / "Makefile").read_text())
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "constraints.txt").touch()
    (tmp_path / "venv" / "bin").mkdir(parents=True)
    (tmp_path / "venv" / "bin" / "python").symlink_to(sys.executable)
    (tmp_path / "venv" / "installed-dev").touch()

    def bench() -> int:
        return subprocess.run(
            ["make", "bench", "VENV=venv"], cwd=tmp_path, capture_output=True, env=os.environ
        ).returncode

    assert bench() != 0
    assert (tmp_path / "benchmarks" / "history.jsonl").read_text() == "a\nb\n"  # the first miss stops nothing
    (tmp_path / "benchmarks" / "a.py").write_text("print('a')")
    assert bench() == 0


def test_a_commit_is_checked_as_make_check_does() -> None:
    (repo,) = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    (hook,) = repo["hooks"]
    assert hook["entry"] == "make check" and not hook["pass_filenames"]


def test_types_are_handed_on() -> None:
    assert (ROOT / "attnlab" / "py.typed").exists()


AMERICAN = re.compile(
    r"(?<![\w.])(\w*(?:normal|initial|optim|minim|maxim|general|standard|vector|regular|summar|recogn|memor|serial)iz\w*"
    r"|analyz\w*|behavior\w*|neighbor\w*|center\w*|colors?|gray|label(?:ed|ing)|modeling|favor\w*)(?![\w(.])",
    re.IGNORECASE,
)
"""Spellings that are not ours; names that belong to libraries stand in code, and code is not read here."""


def prose(path: Path) -> str:
    """The comments and docstrings of a file without what stands in backticks; all of a file that is no code."""
    text = path.read_text()
    if path.suffix == ".py":
        tokens = tokenize.generate_tokens(io.StringIO(text).readline)
        said = [token.string for token in tokens if token.type == tokenize.COMMENT]
        kinds = (ast.Module, ast.ClassDef, ast.FunctionDef)
        said += [
            ast.get_docstring(node) or "" for node in ast.walk(ast.parse(text)) if isinstance(node, kinds)
        ]
        text = "\n".join(said)
    return re.sub(r"`[^`]*`", "", text)


def test_one_spelling() -> None:
    files = [
        path
        for room in ("attnlab", "experiments", "tests", "benchmarks")
        for path in (ROOT / room).rglob("*.py")
    ]
    found = [
        (path.name, match[0])
        for path in [*files, *ROOT.glob("*.md")]
        for match in AMERICAN.finditer(prose(path))
    ]
    assert not found
