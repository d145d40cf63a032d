"""Records, the tidy table and named random streams."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from a_record import record

from attnlab.files import require_writable, write_atomically
from attnlab.harness.store import Store
from attnlab.harness.table import read_csv, write_csv
from attnlab.parts import SettingError
from attnlab.seeds import Streams


def test_a_write_is_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "deep" / "file.json"
    write_atomically(path, "old")

    def fail(*_: object) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="full"):
        write_atomically(path, "new")
    assert path.read_text() == "old"
    assert os.listdir(path.parent) == ["file.json"]


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"key": "other"}', '{"key": "abcd"}', "\x00\x01"])
def test_a_torn_record_is_missing(tmp_path: Path, text: str, caplog: pytest.LogCaptureFixture) -> None:
    store = Store(tmp_path)
    path = store.path("abcd")
    path.parent.mkdir(parents=True)
    path.write_text(text)
    assert store.read("abcd") is None and store.status("abcd") == "missing"
    assert "counts as missing" in caplog.text


def test_a_record_comes_back(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.write(record("abcd"))
    assert store.read("abcd") == record("abcd")
    assert store.count() == 1
    with pytest.raises(ValueError, match="JSON"):
        store.write(record("abce", duration=float("nan")))
    assert json.loads(store.path("abcd").read_text())["status"] == "done" and store.count() == 1


def test_writable_leaves_no_trace(tmp_path: Path) -> None:
    require_writable(tmp_path / "a" / "b")
    assert not list(tmp_path.iterdir())
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingError, match="results"):
        require_writable(tmp_path / "file" / "results")


def test_the_table_keeps_every_digit(tmp_path: Path) -> None:
    table = pd.DataFrame({"study": ["a", "b"], "mask": ["none", "null"], "value": [0.1 + 0.2, np.pi / 3e-9]})
    write_csv(table, tmp_path / "results.csv")
    back = read_csv(tmp_path / "results.csv")
    assert list(back["mask"]) == ["none", "null"]
    written = [float(line.split(",")[2]) for line in (tmp_path / "results.csv").read_text().splitlines()[1:]]
    assert written == list(table["value"])


def test_a_stream_depends_on_its_address_alone() -> None:
    settings = {"inputs": {"n": 4}, "decoder": {"steps": 3}}
    rng = Streams(0, 1, settings)
    first = rng("inputs").random(5)
    assert np.array_equal(first, rng("inputs").random(5))
    assert np.array_equal(first, Streams(0, 1, {**settings, "decoder": {"steps": 9}})("inputs").random(5))
    for other in (
        Streams(1, 1, settings)("inputs"),
        Streams(0, 2, settings)("inputs"),
        Streams(0, 1, settings)("weights"),
        Streams(0, 1, {"inputs": {"n": 5}})("inputs"),
    ):
        assert not np.array_equal(first, other.random(5))


def test_a_stream_is_the_same_everywhere_and_forever() -> None:
    """Committed results rest on these numbers: PCG64 seeded by blake2b of the address."""
    draw = Streams(0, 0, {"inputs": {"n": 4}})("inputs").integers(0, 1_000_000, 3)
    assert draw.tolist() == [262534, 506040, 653611]
