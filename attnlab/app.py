"""The console application: `attnlab`, one Hydra application with sweeps in Hydra's own grammar."""

from __future__ import annotations

import os

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"):
    os.environ.setdefault(_name, "1")  # before numpy is imported: parallel over cells, never inside one

import contextlib  # noqa: E402
import logging  # noqa: E402
import shlex  # noqa: E402
import sys  # noqa: E402
from collections.abc import Iterator, Sequence  # noqa: E402
from typing import Any  # noqa: E402

from attnlab import interruption, patience, streams  # noqa: E402
from attnlab.harness.actions import act  # noqa: E402
from attnlab.harness.command import ask  # noqa: E402
from attnlab.harness.information import inform, is_question  # noqa: E402
from attnlab.harness.refusals import REFUSALS, told  # noqa: E402

FAILED, REFUSED = 1, 2
log = logging.getLogger("attnlab")


def main() -> None:
    """The entry point: exit code 0 all done, 1 a cell failed, 2 a setting was refused, 130 interrupted."""
    try:
        with interruption.tidied(), _heard_out():
            code = _answer(sys.argv[1:])
        sys.exit(code)
    except REFUSALS as error:
        sys.exit(_refuse(told(error)))
    except KeyboardInterrupt:
        interruption.say()
        sys.exit(interruption.INTERRUPTED)
    except OSError as error:  # the disk is full, the folder is gone
        log.debug("stopped", exc_info=True)
        _say(f"\nattnlab: stopped ({error}); what was finished is kept.")
        sys.exit(FAILED)


class _Outlet:
    """Standard output for a terminal, whose reader may stop reading, as `head` does: nobody hears the rest."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        try:
            return int(self._stream.write(streams.harmless(text)))
        except BrokenPipeError:
            return self._close(text)

    def flush(self) -> None:
        try:
            self._stream.flush()
        except BrokenPipeError:
            self._close("")

    def _close(self, text: str) -> int:
        os.dup2(os.open(os.devnull, os.O_WRONLY), self._stream.fileno())
        return len(text)


@contextlib.contextmanager
def _heard_out() -> Iterator[None]:
    """In this block a closed pipe stops nothing: the exit code is that of the work."""
    outlet: Any = _Outlet(sys.stdout)
    with contextlib.redirect_stdout(outlet):
        try:
            yield
        finally:
            outlet.flush()


def _answer(words: Sequence[str]) -> int:
    """Answer a question about the tool, or do what is asked for; the exit code."""
    if is_question(words):
        inform(words)
        return 0
    screen = logging.StreamHandler(sys.stderr)
    screen.setLevel(logging.INFO)  # tracebacks go to the run's log.txt and to the records
    screen.setFormatter(streams.Harmless("%(message)s"))
    logging.basicConfig(handlers=[screen], force=True)
    log.setLevel(logging.DEBUG)
    with patience.asked_for():
        return act(ask(words))


def _refuse(problems: Sequence[tuple[str, str]]) -> int:
    """One screen: what was refused, and what is allowed."""
    shown, more = problems[:20], len(problems) - 20
    _say(f"attnlab: refused, nothing was run or written ({len(problems)} to mend)\n")
    for what, allowed in shown:
        _say(f"  {what}")
        _say("\n".join(f"      {line}" for line in allowed.splitlines()))
    if more > 0:
        _say(f"  ... and {more} more")
    _say(f"\nyou typed: {shlex.join(['attnlab', *sys.argv[1:]])}")
    _say("try: attnlab --help    attnlab --cfg job experiment=recovery")
    return REFUSED


def _say(text: str) -> None:
    """Print on standard error, harmless."""
    print(streams.harmless(text), file=sys.stderr)
