"""A study from Python: what `attnlab ...` does in a terminal, in somebody else's process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os import PathLike
from typing import Any

from attnlab.files import path_of
from attnlab.harness.actions.run import published
from attnlab.harness.command import ask
from attnlab.harness.guest import guest
from attnlab.harness.refusals import REFUSALS, told
from attnlab.harness.words import words
from attnlab.parts import SettingError
from attnlab.study import Study, load

OTHER_ACTIONS = (
    "no other action than run: attnlab.load(folder) reads what is stored, attnlab.studies(results) lists it, "
    "Study.compare compares; plan and report are of the terminal"
)


def run(
    experiment: str,
    *overrides: str | Mapping[str, Any],
    results: str | PathLike[str] = "results",
    config_dir: str | PathLike[str] | Sequence[str | PathLike[str]] = (),
    **settings: Any,
) -> Study:
    """Measure what has no record yet, write the pages, and give back the study: one command line, as a call.

    overrides: words as they are typed (`"inputs.n=16,32"`), or mappings of dotted keys; settings: keys without a
    dot, such as `decoder="simplex"`, `size="full"`, `study="mine"`, `exec="serial"`, `keep_trials=True`. A list is
    a sweep. results: the folder that holds all studies; config_dir: folders of configs and modules of one's own.

    It may be called anywhere: inside `@hydra.main`, in a notebook, with any settings of threads, twice with other
    folders, from several threads (which wait for one another); what it changes meanwhile is put back. Cells run
    in processes (`exec="serial"`: in this one). Raises ValueError, with each setting that is refused and what is
    allowed, before anything is run or written. A cell that fails raises nothing: its row of the table has the
    status and the reason.

    >>> import attnlab
    >>> study = attnlab.run("recovery", "inputs.n=8,32", weights="hard", decoder="nearest_value", trials=20)
    >>> study
    <attnlab study recovery: 2 done>
    >>> rows = study.table.query("metric == 'top1'")
    >>> dict(zip(rows["inputs.n"], rows["value"]))
    {8: 1.0, 32: 1.0}
    """
    folders: list[object] = [config_dir]
    if isinstance(config_dir, Sequence) and not isinstance(config_dir, str):
        folders = list(config_dir)
    own = [str(path_of(folder, "config_dir").absolute()) for folder in folders]
    try:
        asked_for = _command(experiment, overrides, settings, results and path_of(results, "results"))
        for word in asked_for:
            if word.startswith("action=") and word != "action=run":
                raise SettingError("action", word.partition("=")[2], OTHER_ACTIONS)
        with guest(own):
            asked = ask([*(f"--config-dir={folder}" for folder in own), *asked_for])
            if asked.command.experiments != (experiment,):
                raise SettingError("experiment", experiment, "one experiment; for several call run for each")
            (page,) = published(asked)
    except REFUSALS as error:
        raise ValueError(_refused(error)) from error
    return load(page.path.parent)


def _command(
    experiment: str,
    overrides: Sequence[str | Mapping[str, Any]],
    settings: Mapping[str, Any],
    results: str | PathLike[str],
) -> list[str]:
    """The call as the words of a command line."""
    typed = [f"experiment={experiment}"]
    for override in overrides:
        if not isinstance(override, str | Mapping):
            raise SettingError("overrides", override, 'words such as "inputs.n=8,16", or mappings of keys')
        typed += [override] if isinstance(override, str) else words(override)
    return [*typed, *words(settings), *words({"results": results})]


def _refused(error: BaseException) -> str:
    lines = [f"{what}\n    {allowed}" for what, allowed in told(error)]
    return "refused, nothing was run or written:\n  " + "\n  ".join(lines)
