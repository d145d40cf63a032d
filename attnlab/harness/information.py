"""What is asked about attnlab itself: --help, --version, --cfg, --info, completion; nothing here runs a cell."""

from __future__ import annotations

import argparse
import contextlib
import os
import string
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import hydra
from hydra.core.global_hydra import GlobalHydra
from omegaconf import DictConfig, OmegaConf

from attnlab.harness.command import reachable, split_arguments
from attnlab.harness.configs import BASE, Configs, conf
from attnlab.harness.overrides import Command, parse
from attnlab.parts import SettingError, among, nearest

FLAGS = {
    "-h": "--help",
    "--help": "--help",
    "--version": "--version",
    "-c": "--cfg",
    "--cfg": "--cfg",
    "-i": "--info",
    "--info": "--info",
    "--hydra-help": "--hydra-help",
    "-sc": "--shell-completion",
    "--shell-completion": "--shell-completion",
}
"""The flags that ask for information, and their full names."""
CFG = ("job", "hydra", "all")
INFO = ("all", "config", "defaults", "defaults-tree", "plugins", "searchpath")
VERBS, SHELL = ("install", "uninstall", "query"), ("bash", "fish", "zsh")
SHELLS = f"{'=SHELL, '.join(VERBS)}=SHELL, where SHELL is one of {', '.join(SHELL)}"


@dataclass(frozen=True)
class Question:
    """One question: its flag's full name, the flag's own word if it has one, and the rest of the command line."""

    flag: str
    word: str | None
    package: str | None
    resolve: bool
    rest: tuple[str, ...]


def is_question(words: Sequence[str]) -> bool:
    """Whether a command line asks for information."""
    return any(word.partition("=")[0] in FLAGS for word in words)


def question(words: Sequence[str]) -> Question:
    """The question of a command line; of several flags the first counts. Raises SettingError for a lone -p."""
    flag, found, package, resolve = "", None, None, False
    rest: list[str] = []
    left = list(words)
    while left:  # ends: each round takes a word at least
        word = left.pop(0)
        name, given, value = word.partition("=")
        if name in FLAGS and not flag:
            flag = FLAGS[name]
            if given:
                found = value
            elif flag in ("--help", "--cfg", "--info") and left and _is_plain(left[0]):
                found = left.pop(0)
        elif name in ("--package", "-p"):
            package = value if given else left.pop(0) if left else None
            if package is None:
                raise SettingError("--package", package, "the name of a node, as in --package inputs")
        elif word == "--resolve":
            resolve = True
        elif name not in FLAGS:
            rest.append(word)
    return Question(flag, found, package, resolve, tuple(rest))


def _is_plain(word: str) -> bool:
    return not word.startswith("-") and "=" not in word


def inform(words: Sequence[str]) -> None:
    """Answer a question on standard output. Raises SettingError or Hydra's own errors for what is refused."""
    asked = question(words)
    if asked.flag == "--version":
        print(f"attnlab {_version()}")
    elif asked.flag in ("--hydra-help", "--shell-completion"):
        _hydras_own(asked.flag, asked.rest)
    else:
        overrides, folders = split_arguments(asked.rest)
        configs = Configs(tuple(folders))
        configs.require_apart()
        with reachable(folders):
            _ANSWERS[asked.flag](asked, parse(overrides, configs), configs)


def _version() -> str:
    try:
        return version("attnlab")
    except PackageNotFoundError:
        return "(not installed)"


def _hydras_own(flag: str, words: Sequence[str]) -> None:
    """Hydra's own help and completion."""
    if flag == "--shell-completion" and not _is_completion(words):
        raise SettingError(flag, " ".join(words), SHELLS)
    before, sys.argv = sys.argv, [sys.argv[0], flag, *(words if flag == "--shell-completion" else ())]
    full = os.environ.get("HYDRA_FULL_ERROR")
    os.environ["HYDRA_FULL_ERROR"] = "1"  # raise, so that a reader who stops reading is no traceback
    try:
        with _unchecked_help():
            hydra.main(**BASE, config_path=str(conf()), config_name="config")(_never)()
        sys.stdout.flush()
    finally:
        sys.argv = before
        if full is None:
            del os.environ["HYDRA_FULL_ERROR"]


@contextlib.contextmanager
def _unchecked_help() -> Iterator[None]:
    """Since Python 3.14 an option's help must be text; Hydra 1.3 has one that becomes text when it is shown."""
    parser: Any = argparse.ArgumentParser
    check = getattr(parser, "_check_help", None)
    if check is None:
        yield
        return
    parser._check_help = lambda *_: None
    try:
        yield
    finally:
        parser._check_help = check


def _is_completion(words: Sequence[str]) -> bool:
    pairs = [word.partition("=") for word in words]
    return [(verb in VERBS, shell in SHELL) for verb, _, shell in pairs] == [(True, True)]


def _never(_config: DictConfig) -> None:
    """Hydra's information commands run no job."""


def _plain(command: Command, configs: Configs) -> list[str]:
    """One composition of a command: of an axis its first value, of several experiments none."""
    words = list(command.composed)
    if command.experiments and command.experiments != configs.options("experiment"):
        words.append(f"experiment={command.experiments[0]}")
    added = {word.lstrip("+").partition("=")[0] for word in command.composed if word.startswith("+")}
    return words + [f"{axis.key}={axis.first}" for axis in command.axes if axis.key not in added]


def _cfg(asked: Question, command: Command, configs: Configs) -> None:
    kind = asked.word or ""
    if kind not in CFG:
        raise SettingError("--cfg", kind, among(kind, CFG))
    words = _plain(command, configs)
    config = configs.compose(*words)
    package = None if asked.package == "_global_" else asked.package
    if package is not None and OmegaConf.select(config, package) is None:
        raise SettingError("--package", package, among(package, [str(name) for name in config]))
    loaded = GlobalHydra.instance().hydra
    assert loaded is not None
    loaded.show_cfg("config", [*configs.searchpath, *words], kind, package, asked.resolve)


def _info(asked: Question, command: Command, configs: Configs) -> None:
    kind = asked.word or "all"
    if kind not in INFO:
        raise SettingError("--info", kind, among(kind, INFO))
    words = _plain(command, configs)
    configs.compose(*words)  # what is refused is refused here, in our own words
    loaded = GlobalHydra.instance().hydra
    assert loaded is not None
    loaded.show_info(kind, "config", [*configs.searchpath, *words])


def _help(asked: Question, command: Command, configs: Configs) -> None:
    if asked.word is not None:
        print("\n".join(_group(asked.word, configs)))
        return
    text = configs.compose(*command.composed).hydra.help.template
    groups = "\n".join(f"{group}: {', '.join(configs.options(group))}" for group in configs.groups())
    print(string.Template(text).safe_substitute(APP_CONFIG_GROUPS=groups))


def _group(name: str, configs: Configs) -> Iterator[str]:
    """A group's choices with their settings, as they are typed."""
    if name not in configs.groups():
        homes = [group for group in configs.groups() if name in configs.options(group)]
        close = homes or nearest(name, configs.groups())
        hint = f"; did you mean {' or '.join(close)}?" if close else ""
        raise SettingError("--help", name, f"a group: {', '.join(configs.groups())}{hint}")
    yield f"{name}=... one of"
    for choice, settings in configs.settings(name).items():
        shown = "" if name in ("experiment", "size") else "  ".join(f"{name}.{leaf}" for leaf in settings)
        yield f"  {choice:<18}{shown}".rstrip()


_ANSWERS = {"--help": _help, "--cfg": _cfg, "--info": _info}
