"""Two config files of one name are never mistaken for one another: the clash is refused, with both files."""

from __future__ import annotations

import shutil

import pytest
from conftest import Lab

import attnlab
from attnlab.harness.configs import conf

GROUPS = sorted({path.parent.name for path in conf().glob("*/*.yaml")})


@pytest.mark.parametrize("group", GROUPS)
def test_a_file_with_the_name_of_a_built_in_one_is_refused(lab: Lab, group: str) -> None:
    theirs = sorted((conf() / group).glob("*.yaml"))[0]
    mine = lab.folder / "mine" / group / theirs.name
    mine.parent.mkdir(exist_ok=True)
    mine.write_text("_target_: noop.Mine\n")
    answer = lab("experiment=noop")
    assert answer.code == 2 and not lab.results.exists()
    assert f"--config-dir = {lab.folder / 'mine'}"[:60] in answer.err
    assert f"expected one file for {group}={theirs.stem}, got {mine} and {theirs}" in answer.err
    assert "rename yours" in answer.err and "Traceback" not in answer.err


@pytest.mark.parametrize(
    "words", [("--help",), ("-h", "decoder"), ("--cfg", "job"), ("action=plan",), ("action=status",)]
)
def test_whatever_is_asked(lab: Lab, words: tuple[str, ...]) -> None:
    path = lab.folder / "mine" / "decoder" / "simplex.yaml"
    path.parent.mkdir()
    path.write_text("_target_: noop.Mine\n")
    answer = lab(*words)
    assert answer.code == 2 and f"got {path} and " in answer.err
    with pytest.raises(ValueError, match="expected one file for decoder=simplex"):
        attnlab.run("recovery", config_dir=lab.folder / "mine", results=lab.results)
    assert not lab.results.exists()


def test_two_folders_of_ones_own_are_no_exception(lab: Lab) -> None:
    other = lab.folder / "other"
    shutil.copytree(lab.folder / "mine", other)
    answer = lab(f"--config-dir={other}", "experiment=noop")
    assert answer.code == 2 and "expected one file for experiment=noop, got " in answer.err
    assert not lab.results.exists()


def test_one_file_twice_is_no_clash(lab: Lab) -> None:
    link = lab.folder / "link"
    link.symlink_to(lab.folder / "mine")
    assert lab(f"--config-dir={link}", f"--config-dir={conf()}", "experiment=noop", "action=plan").code == 0


@pytest.mark.parametrize("words", [("experiment=noop",), ("action=plan",), ("--help",), ("--cfg", "job")])
def test_a_config_file_that_would_not_be_read_is_refused(lab: Lab, words: tuple[str, ...]) -> None:
    """Hydra takes the project's own config.yaml, so that trials=7 here would be silently without effect."""
    path = lab.folder / "mine" / "config.yaml"
    path.write_text("trials: 7\n")
    answer = lab(*words)
    assert answer.code == 2 and not lab.results.exists()
    assert f"--config-dir = {lab.folder / 'mine'}"[:60] in answer.err and "Traceback" not in answer.err
    assert f"expected no config.yaml, which would not be read, got {path}" in answer.err
    assert f"{path}: say it in experiment/NAME.yaml" in answer.err and "(1 to mend)" in answer.err
    with pytest.raises(ValueError, match=r"expected no config\.yaml, which would not be read"):
        attnlab.run("noop", config_dir=lab.folder / "mine", results=lab.results)
