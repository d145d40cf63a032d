"""The console application: `attnlab`, one Hydra application with sweeps in Hydra's own grammar."""

from __future__ import annotations

import os

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"):
    os.environ.setdefault(_name, "1")  # before numpy is imported: parallel over cells, never inside one

import logging  # noqa: E402
import shlex  # noqa: E402
import signal  # noqa: E402
import sys  # noqa: E402
from collections.abc import Sequence  # noqa: E402
from dataclasses import dataclass  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Literal, get_args  # noqa: E402

import hydra  # noqa: E402
import yaml  # noqa: E402
from hydra import initialize_config_dir  # noqa: E402
from hydra.errors import HydraException  # noqa: E402
from omegaconf import DictConfig  # noqa: E402
from omegaconf.errors import OmegaConfBaseException  # noqa: E402

from attnlab.files import require_writable  # noqa: E402
from attnlab.harness import launch  # noqa: E402
from attnlab.harness.cells import part  # noqa: E402
from attnlab.harness.execution.base import Execution  # noqa: E402
from attnlab.harness.grid import Plan, SettingErrors, plans  # noqa: E402
from attnlab.harness.overrides import Configs, parse  # noqa: E402
from attnlab.harness.store import FINAL, Status, Store, counts  # noqa: E402
from attnlab.parts import SettingError, refusal  # noqa: E402

ACTION = Literal["run", "plan", "status", "report"]
INFORMATION = (
    "--help",
    "-h",
    "--hydra-help",
    "--version",
    "--cfg",
    "-c",
    "--info",
    "-i",
    "--shell-completion",
    "-sc",
)
FAILED, REFUSED = 1, 2
log = logging.getLogger("attnlab")


def main() -> None:
    """The entry point: exit code 0 all done, 1 a cell failed, 2 a setting was refused, 130 interrupted."""
    arguments = sys.argv[1:]
    if any(word.split("=")[0] in INFORMATION for word in arguments):
        hydra.main(version_base="1.3", config_path=str(_conf()), config_name="config")(_never)()
        return
    screen = logging.StreamHandler(sys.stderr)
    screen.setLevel(logging.INFO)  # tracebacks go to the run's log.txt and to the records
    logging.basicConfig(format="%(message)s", handlers=[screen], force=True)
    log.setLevel(logging.DEBUG)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # asked to end: as if interrupted
    try:
        asked = plan_command(arguments)
    except SettingErrors as errors:
        sys.exit(_refuse([(f"{e.setting} = {e.value!r}", f"expected {e.allowed}") for e in errors.problems]))
    except SettingError as error:
        sys.exit(_refuse([(f"{error.setting} = {error.value!r}", f"expected {error.allowed}")]))
    except yaml.YAMLError as error:
        sys.exit(_refuse([("a yaml file that cannot be read", str(error))]))
    except (HydraException, OmegaConfBaseException) as error:
        cause = error.__cause__
        told = [str(error), *([str(cause)] if isinstance(cause, OmegaConfBaseException) else [])]
        sys.exit(_refuse([("the command line or a config", "\n".join(filter(None, told)))]))
    try:
        sys.exit(act(asked))
    except KeyboardInterrupt:
        print("\nattnlab: interrupted; what was finished is kept, the same command goes on.", file=sys.stderr)
        sys.exit(launch.INTERRUPTED)
    except OSError as error:  # the disk is full, the folder is gone
        log.debug("stopped", exc_info=True)
        print(f"\nattnlab: stopped ({error}); what was finished is kept.", file=sys.stderr)
        sys.exit(FAILED)


@dataclass(frozen=True)
class Asked:
    """What a command line asks for, checked: nothing in it can be refused any more."""

    action: str
    studies: tuple[Plan, ...]
    results: Path
    execution: Execution
    folders: tuple[str, ...]
    arguments: tuple[str, ...]


def plan_command(arguments: Sequence[str]) -> Asked:
    """Plan a command line. Raises SettingError, SettingErrors or Hydra's own errors for what is refused."""
    overrides, folders = split_arguments(arguments)
    sys.path[:0] = folders
    with initialize_config_dir(str(_conf()), job_name="attnlab", version_base="1.3"):
        configs = Configs(tuple(folders))
        studies = plans(parse(overrides, configs), configs)
    config = studies[0].config
    for name, kind in (("action", ACTION), ("results", str)):
        allowed = refusal(kind, config[name])
        if allowed is not None:
            raise SettingError(name, config[name], allowed)
    execution = part("exec", dict(config.exec))
    if not isinstance(execution, Execution):
        raise SettingError("exec._target_", config.exec._target_, "a way to run cells")
    results = Path(config.results).expanduser()
    if config.action in ("run", "report"):
        for plan in studies:
            require_writable(results / plan.name)
    return Asked(config.action, tuple(studies), results, execution, tuple(folders), tuple(arguments))


def act(asked: Asked) -> int:
    """Do what a command line asks; returns the exit code."""
    if asked.action in ("plan", "status"):
        return _count(asked.studies, asked.results)
    if asked.action == "run":
        cells = {plan.name: plan.cells for plan in asked.studies}
        launch.run(cells, asked.results, asked.execution, asked.folders, sys.argv)
    from attnlab.harness.publish import publish  # draws: imported when there is something to draw

    return publish(asked.studies, asked.results, asked.arguments)


def _count(studies: Sequence[Plan], results: Path) -> int:
    """What would run, study by study; writes nothing."""
    statuses = get_args(Status)
    print(f"{'study':<18}" + "".join(f"{name:>12}" for name in ("cells", *statuses, "to run", "others")))
    total = {"cells": 0, "to run": 0}
    for plan in studies:
        tally = counts(launch.statuses(plan.cells, results).values())
        waiting = len(plan.cells) - sum(tally[status] for status in FINAL)
        others = Store(results / plan.name).count() - (len(plan.cells) - tally["missing"])
        numbers = (len(plan.cells), *(tally[status] for status in statuses), waiting, others)
        print(f"{plan.name:<18}" + "".join(f"{number:>12}" for number in numbers))
        total["cells"] += len(plan.cells)
        total["to run"] += waiting
    print(f"{total['cells']} cells in all, {total['to run']} to run; `others` are records of other grids")
    return 0


def split_arguments(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """Overrides and the folders of --config-dir; Hydra's --multirun is allowed and changes nothing."""
    overrides, folders, words = [], [], iter(arguments)
    for word in words:
        flag, given, value = word.partition("=")
        if flag in ("--config-dir", "-cd"):
            folders.append(_folder(value if given else next(words, "")))
        elif word in ("--multirun", "-m"):
            continue
        elif word.startswith("-"):
            raise SettingError(word, None, "--config-dir DIR, --help, --cfg, --info, or key=value")
        else:
            overrides.append(word)
    return overrides, folders


def _folder(text: str) -> str:
    folder = Path(text).expanduser().absolute()
    if not text or not folder.is_dir():
        raise SettingError("--config-dir", text, "a folder that exists")
    return str(folder)


def _conf() -> Path:
    """The configs: beside the package in a checkout, inside it where it was installed."""
    package = Path(__file__).resolve().parent
    return next(place for place in (package.parent / "conf", package / "conf") if place.is_dir())


def _refuse(problems: Sequence[tuple[str, str]]) -> int:
    """One screen: what was refused, and what is allowed."""
    shown, more = problems[:20], len(problems) - 20
    print(f"attnlab: refused, nothing was run or written ({len(problems)} to mend)\n", file=sys.stderr)
    for what, allowed in shown:
        print(f"  {what}", file=sys.stderr)
        print("\n".join(f"      {line}" for line in allowed.splitlines()), file=sys.stderr)
    if more > 0:
        print(f"  ... and {more} more", file=sys.stderr)
    print(f"\nyou typed: {shlex.join(['attnlab', *sys.argv[1:]])}", file=sys.stderr)
    print("try: attnlab --help    attnlab --cfg job experiment=recovery", file=sys.stderr)
    return REFUSED


def _never(_config: DictConfig) -> None:
    """Hydra's information commands run no job."""
