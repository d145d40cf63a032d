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

import hydra  # noqa: E402
import yaml  # noqa: E402
from hydra.errors import HydraException  # noqa: E402
from omegaconf import DictConfig  # noqa: E402
from omegaconf.errors import OmegaConfBaseException  # noqa: E402

from attnlab.harness import launch  # noqa: E402
from attnlab.harness.actions import act  # noqa: E402
from attnlab.harness.command import ask, conf  # noqa: E402
from attnlab.harness.grid import SettingErrors  # noqa: E402
from attnlab.parts import SettingError  # noqa: E402

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
        hydra.main(version_base="1.3", config_path=str(conf()), config_name="config")(_never)()
        return
    screen = logging.StreamHandler(sys.stderr)
    screen.setLevel(logging.INFO)  # tracebacks go to the run's log.txt and to the records
    logging.basicConfig(format="%(message)s", handlers=[screen], force=True)
    log.setLevel(logging.DEBUG)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # asked to end: as if interrupted
    try:
        sys.exit(act(ask(arguments)))
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
    except KeyboardInterrupt:
        print("\nattnlab: interrupted; what was finished is kept, the same command goes on.", file=sys.stderr)
        sys.exit(launch.INTERRUPTED)
    except OSError as error:  # the disk is full, the folder is gone
        log.debug("stopped", exc_info=True)
        print(f"\nattnlab: stopped ({error}); what was finished is kept.", file=sys.stderr)
        sys.exit(FAILED)


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
