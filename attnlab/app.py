"""The console application: `attnlab`, one Hydra application with sweeps in Hydra's own grammar."""

from __future__ import annotations

import os

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"):
    os.environ.setdefault(_name, "1")  # before numpy is imported: parallel over cells, never inside one

import logging  # noqa: E402
import shlex  # noqa: E402
import sys  # noqa: E402
from collections.abc import Sequence  # noqa: E402

from attnlab import interruption  # noqa: E402
from attnlab.harness.actions import act  # noqa: E402
from attnlab.harness.command import ask  # noqa: E402
from attnlab.harness.information import inform, is_question  # noqa: E402
from attnlab.harness.refusals import REFUSALS, told  # noqa: E402

FAILED, REFUSED = 1, 2
log = logging.getLogger("attnlab")


def main() -> None:
    """The entry point: exit code 0 all done, 1 a cell failed, 2 a setting was refused, 130 interrupted."""
    try:
        with interruption.tidied():
            sys.exit(_answer(sys.argv[1:]))
    except REFUSALS as error:
        sys.exit(_refuse(told(error)))
    except KeyboardInterrupt:
        interruption.say()
        sys.exit(interruption.INTERRUPTED)
    except BrokenPipeError:  # whoever read the answer has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(FAILED)
    except OSError as error:  # the disk is full, the folder is gone
        log.debug("stopped", exc_info=True)
        print(f"\nattnlab: stopped ({error}); what was finished is kept.", file=sys.stderr)
        sys.exit(FAILED)


def _answer(words: Sequence[str]) -> int:
    """Answer a question about the tool, or do what is asked for; the exit code."""
    if is_question(words):
        inform(words)
        return 0
    screen = logging.StreamHandler(sys.stderr)
    screen.setLevel(logging.INFO)  # tracebacks go to the run's log.txt and to the records
    logging.basicConfig(format="%(message)s", handlers=[screen], force=True)
    log.setLevel(logging.DEBUG)
    return act(ask(words))


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
