"""Files of heads that are none, are cut short or hold objects are refused in a sentence: what was expected."""

from __future__ import annotations

import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from attnlab.inputs.arrays import Arrays
from attnlab.parts import SettingError


class Runs:
    """Unpickled, it makes a folder."""

    def __init__(self, at: Path) -> None:
        self.at = at

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.at),)


def whole(folder: Path, name: str) -> bytes:
    draw = np.random.default_rng(0).normal
    np.savez(
        folder / name, queries=draw(size=(2, 5, 4)), keys=draw(size=(2, 5, 4)), values=draw(size=(2, 5, 3))
    )
    return (folder / name).read_bytes()


def header(words: bytes) -> bytes:
    return len(words).to_bytes(8, "little") + words


@pytest.mark.parametrize("part", [0.0, 0.3, 0.5, 0.9, 0.99])
def test_an_npz_that_is_cut_short(tmp_path: Path, part: float) -> None:
    content = whole(tmp_path, "whole.npz")
    (tmp_path / "cut.npz").write_bytes(content[: int(part * len(content))])
    with pytest.raises(SettingError, match=r"cut\.npz.*expected an \.npz file, got one that cannot be read"):
        Arrays(path=str(tmp_path / "cut.npz"))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff" * 50,
        header(b'{"values":'),
        header(b"[1, 2]"),
        header(b"7"),
        header(b'{"values": 7}'),
        header(b"\xff"),
    ],
)
def test_a_safetensors_file_that_is_none(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "junk.safetensors"
    path.write_bytes(content)
    with pytest.raises(SettingError, match=r"expected an? \.?safetensors file, got one"):
        Arrays(path=str(path))


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_objects_are_refused_and_not_run(tmp_path: Path, save: Any) -> None:
    path, made = tmp_path / "objects.npz", tmp_path / "made"
    save(path, values=np.array([Runs(made)], dtype=object))
    with pytest.raises(SettingError, match=r"expected (arrays of|values as) numbers"):
        Arrays(path=str(path))
    path.write_bytes(pickle.dumps(Runs(made)))
    with pytest.raises(SettingError, match="cannot be read"):
        Arrays(path=str(path))
    assert not made.exists()


@pytest.mark.parametrize("name", ["heads.npz", "heads.safetensors"])
def test_a_folder_is_no_file(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    with pytest.raises(SettingError, match="folder"):
        Arrays(path=str(tmp_path / name))


@pytest.mark.parametrize("scale", [1e-200, 1e-30, 1e30, 1e150])
def test_units_of_the_values_play_no_part(tmp_path: Path, scale: float) -> None:
    from attnlab.audit import audited

    whole(tmp_path, "one.npz")
    arrays = dict(np.load(tmp_path / "one.npz"))
    np.savez(tmp_path / "other.npz", **{**arrays, "values": scale * arrays["values"]})
    one, other = (
        audited(Arrays(path=str(tmp_path / name)).heads.head(0, 0), 4, 1) for name in ("one.npz", "other.npz")
    )
    np.testing.assert_array_equal(one["certified"], other["certified"])
    np.testing.assert_allclose(one["top_width"], other["top_width"], atol=1e-9)
