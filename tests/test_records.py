"""What is no record counts as missing, is said once, hangs nothing and is healed by the next run."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from a_record import METRIC, record
from conftest import Lab

from attnlab.files import remove_unfinished, write_atomically
from attnlab.harness.publish import write_index
from attnlab.harness.store import MOST_NAMED, Store

FAST = ("experiment=noop", "exec=serial", "trials=2", "repeats=1")


def metric(**other: Any) -> dict[str, Any]:
    return {"metrics": {"draw": {**METRIC, **other}}}


WRONG: dict[str, dict[str, Any]] = {
    "of an older schema": {"schema": 2},
    "of a later schema": {"schema": 4},
    "of another key": {"key": "abce"},
    "of no status": {"status": None},
    "of a status that no record has": {"status": "missing"},
    "of a status that no record has either": {"status": "queued"},
    "of a list as its status": {"status": ["done"]},
    "without numbers": {"metrics": None},
    "with no number": {"metrics": {}},
    "with a list of numbers": {"metrics": [1]},
    "with a number for a metric": {"metrics": {"draw": 0.1}},
    "with a number as text": metric(value="0.1"),
    "with a truth value as a number": metric(value=True),
    "with a number beyond all floats": metric(value=10**400),
    "with an interval of text": metric(low="a"),
    "with a count that is none": metric(count=-1),
    "with a fraction as a count": metric(count=8.5),
    "with a count of nothing": metric(count=0),
    "with nothing of a count": metric(value=None),
    "without a count": {"metrics": {"draw": {"kind": "mean", "value": 0.1, "nonfinite": 0}}},
    "of a kind there is not": metric(kind="median"),
    "with text by repeat": metric(by_repeat=["0.1"]),
    "with one number by repeat": metric(by_repeat=0.1),
    "with a list as its config": {"config": []},
    "with a config nobody chose": {"choices": {}},
    "with a number as a choice": {"choices": {"inputs": 3}},
    "with facts that are numbers": {"facts": {"inputs:says": 3}},
    "with versions that are text": {"versions": {"inputs": "1"}},
    "that took no time": {"duration": None},
    "that took text": {"duration": "0.1"},
    "that started some day": {"started": "some day"},
    "that never started": {"started": None},
    "of no run": {"run_id": None},
    "with an error that is none": {"status": "failed", "error": 3},
    "with half a character": {"code": "\ud800"},
}  # fmt: skip
TEXTS = {
    "nothing": "", "half": '{"key": "abcd", "sta', "another kind": "[]", "null": "null", "bytes": "\x00\x01",
    "brackets": "[" * 200_000, "deep": '{"key":' * 200_000,
    "no number": json.dumps(record()).replace("0.2", "NaN"),
    "infinity": json.dumps(record()).replace("0.2", "-Infinity"),
    "too large": json.dumps(record()).replace("0.2", "1e999"),
    "deep inside": json.dumps(record()).replace('"level": 1', '"level": ' + "[" * 500 + "]" * 500),
    "a setting too large": json.dumps(record()).replace('"level": 1', '"level": 1e999'),
}  # fmt: skip


def read(folder: Path, text: str | bytes) -> dict[str, Any] | None:
    store = Store(folder)
    path = store.path("abcd")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return store.read("abcd")


def test_a_record_is_one(tmp_path: Path) -> None:
    """Those that are not done, too; one may hold characters from anywhere, and settings of any plain kind."""
    plain = {"level": [1, {"a": None}], "name": "ü 🙂", "far": -1e300, "on": True}
    for found in (
        record(),
        record(config=plain),
        record(status="failed", metrics={}, error="it broke"),
        record(status="skipped", reason="not possible"),
        record(status="timeout", error="still running after 1 s"),
        record(metrics={"never": {"kind": "mean", "value": None, "count": 0, "nonfinite": 8}}),
    ):
        if found["status"] == "failed":
            del found["metrics"]
        assert read(tmp_path, json.dumps(found)) == found


@pytest.mark.parametrize("what", WRONG)
def test_a_record_with_a_wrong_fact_is_none(
    what: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert read(tmp_path, json.dumps(record(**WRONG[what]))) is None
    assert caplog.text.count("counts as missing") == 1


@pytest.mark.parametrize("name", [name for name in record() if name not in ("metrics", "facts")])
def test_a_record_without_a_fact_is_none(name: str, tmp_path: Path) -> None:
    found = record()
    del found[name]
    assert read(tmp_path, json.dumps(found)) is None


@pytest.mark.parametrize("what", TEXTS)
def test_a_text_that_is_no_record_is_none(
    what: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert read(tmp_path, TEXTS[what]) is None
    assert caplog.text.count("counts as missing") == 1 and "Traceback" not in caplog.text
    assert len(caplog.text) < 1000


def stand_in(path: Path, kind: str) -> None:
    """Put something that is no record in the place of one."""
    path.unlink()
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "folder":
        (path / "inside").mkdir(parents=True)
    elif kind == "device":
        path.symlink_to("/dev/zero")
    elif kind == "loop":
        path.symlink_to(path)
    elif kind == "nowhere":
        path.symlink_to("/nowhere/at/all")
    elif kind == "file for a folder":
        shutil.rmtree(path.parent)
        path.parent.write_text("")
    elif kind == "brackets":
        path.write_text("[" * 200_000)
    else:
        raise AssertionError(kind)


KINDS = ("fifo", "folder", "device", "loop", "nowhere", "file for a folder", "brackets")
LOST = "file for a folder"


def test_whatever_stands_in_its_place_is_healed_by_the_next_run(lab: Lab) -> None:
    """Seven cells of eight are something else by now; one run makes them anew, and none of the rest."""
    assert lab(*FAST).code == 0
    table = (lab.results / "noop" / "results.csv").read_bytes()
    paths = sorted((lab.results / "noop" / "cells").glob("??/*.json"))
    alone = [path for path in paths if [other.parent for other in paths].count(path.parent) == 1]
    (lost,) = alone[:1]
    others = [path for path in paths if path != lost][: len(KINDS) - 1]
    kinds = [*(kind for kind in KINDS if kind != LOST), LOST]
    for path, kind in zip([*others, lost], kinds, strict=True):
        stand_in(path, kind)
    answer = lab("action=status")
    assert answer.code == 0 and "Traceback" not in answer.err
    answer = lab(*FAST)
    assert answer.code == 0 and "1 already there, 7 to run" in answer.err, answer.err
    said = [answer.err.count(f"{path} cannot be read") for path in [*others, lost]]
    assert said == [kind != "nowhere" for kind in kinds]  # a link to nowhere is no file at all
    assert all(path.is_file() and not path.is_symlink() for path in paths)
    assert (lab.results / "noop" / "results.csv").read_bytes() == table
    assert answer.err.count("was in the way of a record") == 2
    assert "8 already there, 0 to run" in lab(*FAST).err


def test_many_broken_records_are_counted(lab: Lab) -> None:
    words = (*FAST, "level=range(20)", "inputs.n=4")
    lab(*words)
    for path in (lab.results / "noop" / "cells").glob("??/*.json"):
        path.write_text("{")
    answer = lab(*words)
    assert answer.code == 0 and "20 to run" in answer.err
    assert answer.err.count("counts as missing") == MOST_NAMED
    assert answer.err.count("and more records of") == 1


def _fifo(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _text(text: str) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        path.write_text(text)

    return write


def _changed(**facts: Any) -> Callable[[Path], None]:
    def change(path: Path) -> None:
        told = json.loads(path.read_text())
        told["study"] |= facts
        path.write_text(json.dumps(told))

    return change


TORN: dict[str, Callable[[Path], None]] = {
    "fifo": _fifo,
    "folder": _folder,
    "brackets": _text("[" * 200_000),
    "half": _text('{"study": '),
    "list": _text("[1]"),
    "a number as the title": _changed(title=5),
    "text as counts": _changed(counts={"done": "many"}),
    "a number for figures": _changed(figures=[3]),
    "a figure that is code": _changed(figures=[{"name": "f", "_target_": "os.system", "kind": "lines"}]),
    "problems of another kind": _changed(problems=[[1], 2]),
    "no verdict": _text('{"study": {"name": "a", "title": "b", "question": "c"}, "verdict": null}'),
    "a verdict of numbers": _text(
        '{"study": {"name": "a", "title": "b", "question": "c"}, "verdict": {"is": "Verdict", "sentences": [3]}}'
    ),
    "a verdict of something else": _text(
        '{"study": {"name": "a", "title": "b", "question": "c"}, "verdict": {"is": "Popen", "args": "true"}}'
    ),
}  # fmt: skip


def test_a_siblings_torn_files_stop_no_other_page(lab: Lab) -> None:
    """Its study.json, its table, its remembered figures and its memory of the grid, in every state."""
    one = (*FAST, "level=1", "inputs.n=4")
    assert lab(*one, "study=torn").code == lab(*one, "study=whole").code == 0
    torn = lab.results / "torn"
    shutil.copytree(torn, lab.folder / "kept")
    own = re.compile(r'href="torn/report\.html"')
    for what, tear in TORN.items():
        for name in ("study.json", "results.csv", "drawn.json", "grid.json"):
            if name != "study.json" and what.startswith(("a ", "text", "no ", "problems")):
                continue
            shutil.rmtree(torn)
            shutil.copytree(lab.folder / "kept", torn)
            tear(torn / name)
            if name in ("results.csv", "study.json"):  # what is remembered of it is gone as well
                (torn / "drawn.json").unlink()
            write_index(lab.results)
            page = (lab.results / "index.html").read_text()
            assert 'href="whole/report.html"' in page, (what, name)
            assert own.search(page) or name in ("study.json", "results.csv"), (what, name)
            assert own.search(page) is None or name != "study.json" or what == "a figure that is code"
    answer = lab(*FAST, "level=1", "inputs.n=8", "study=whole")
    assert answer.code == 0 and "Traceback" not in answer.err and "action=report makes it anew" in answer.err


def test_a_results_folder_runs_no_code(lab: Lab) -> None:
    """What study.json, grid.json and a record name is not imported, whatever a look at them is for."""
    assert lab(*FAST, "level=1", "inputs.n=4").code == 0
    marker = lab.folder / "it-ran"
    (lab.folder / "mine" / "evil.py").write_text(f"open({str(marker)!r}, 'w')\n")
    shutil.copytree(lab.results / "noop", lab.results / "evil")
    for path in [lab.results / "evil" / name for name in ("study.json", "grid.json")]:
        told = json.loads(path.read_text())
        facts = told.get("study", told)
        facts["figures"] = [
            {"name": "f", "kind": "evil", "_target_": "evil.Figure", "x": "level", "y": "draw"}
        ]
        facts["experiment"] = "evil"
        path.write_text(json.dumps(told))
    for path in (lab.results / "evil" / "cells").glob("??/*.json"):
        path.write_text(path.read_text().replace('"module": "noop"', '"module": "evil"'))
    (lab.results / "evil" / "drawn.json").unlink()
    for words in (("action=report",), ("action=show",), ("action=status",), (*FAST, "level=1", "inputs.n=4")):
        answer = lab(*words)
        assert "Traceback" not in answer.err
    assert not marker.exists()


def test_what_a_kill_left_half_written_is_removed_by_the_next_run(lab: Lab) -> None:
    words = (*FAST, "level=1", "inputs.n=4")
    assert lab(*words).code == 0
    gone = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, text=True
    )
    host = os.uname().nodename
    host = "".join(letter for letter in host if letter.isascii() and letter.isalnum())
    (cell,) = (lab.results / "noop" / "cells").glob("??/*.json")
    places = [cell.parent, lab.results / "noop", lab.results / "noop" / "figures"]
    left = [place / f".unfinished-{host}-{gone.stdout.strip()}-abc" for place in places]
    alive = cell.parent / f".unfinished-{host}-{os.getpid()}-abc"
    elsewhere = cell.parent / f".unfinished-{host}x-1-abc"
    for path in (*left, alive, elsewhere):
        path.write_text("half")
    assert lab(*words).code == 0
    assert [path.exists() for path in (*left, alive, elsewhere)] == [False] * 3 + [True] * 2


def test_a_write_that_is_killed_is_known_by_its_name(tmp_path: Path) -> None:
    script = (
        "import os, sys; from pathlib import Path; from attnlab import files; "
        "os.replace = lambda *_: os.kill(os.getpid(), 9); files.write_atomically(Path(sys.argv[1]), 'new')"
    )
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path / "deep" / "file")])
    assert done.returncode == -9 and len(list((tmp_path / "deep").iterdir())) == 1
    assert remove_unfinished(tmp_path) == 1 and not list((tmp_path / "deep").iterdir())
    write_atomically(tmp_path / "deep" / "file", "new")
    assert remove_unfinished(tmp_path) == 0 and (tmp_path / "deep" / "file").read_text() == "new"
