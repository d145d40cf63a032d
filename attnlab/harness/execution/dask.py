"""Cells on the workers of a Dask scheduler that is already running."""

from __future__ import annotations

import asyncio
import importlib.util
import itertools
import logging
from collections.abc import Generator, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from attnlab.harness.execution.base import Execution, Outcome, Task, recorded
from attnlab.harness.execution.local import Local, measure
from attnlab.parts import Count, SettingError

log = logging.getLogger("attnlab")
EXTRA = "distributed, which is not installed: pip install 'attnlab[dask]'"
ANSWERS_IN = 5
"""Seconds in which a scheduler answers."""
AHEAD = 2
"""Chunks for each thread of the workers that the scheduler knows of at a time."""


@dataclass(frozen=True)
class Dask(Execution):
    """Cells on a Dask cluster, in chunks; each chunk runs as exec=local does, in a process beside the worker.

    The folder of results is the channel: the workers share it, and write the same records into it as local ones.
    So no finished cell is lost with its worker: the scheduler gives the chunk to another one, which finds it done.
    A process of their own: a cell may crash or have to be killed, and takes the code as it is today, however long
    the worker has been running.

    on_error=stop hands out nothing more; what other workers are at, they finish.

    address: the scheduler's, `tcp://host:8786`; chunk: cells of a task at most.
    """

    address: str | None = None
    chunk: Count = 16

    @property
    def at_once(self) -> None:
        """As many as the workers have threads."""

    def require_ready(self) -> None:
        """Raise SettingError without distributed, without a scheduler, or if its workers have no attnlab."""
        if importlib.util.find_spec("distributed") is None:
            raise SettingError("exec", "dask", EXTRA)
        if self.address is None:
            raise SettingError("exec.address", None, "the address of a Dask scheduler, `tcp://HOST:8786`")
        try:
            require_scheduler(self.address)
            with self._client() as client:
                said = client.run(_greet, on_error="return")  # a worker may die meanwhile, and another come
        except (OSError, ValueError) as error:
            told = f"the address of a running Dask scheduler (`dask scheduler` starts one): {error}"
            raise SettingError("exec.address", self.address, told) from error
        without = [f"{worker}: {error}" for worker, error in said.items() if isinstance(error, ImportError)]
        if without:
            told = f"a scheduler whose workers have attnlab ({without[0]})"
            raise SettingError("exec.address", self.address, told)

    def __call__(self, tasks: Sequence[Task]) -> Generator[Outcome, None, None]:
        """Keep the workers' threads busy; outcomes come chunk by chunk."""
        if not tasks:
            return
        from distributed import as_completed

        local = Local(self.timeout, self.on_error, 1)
        with self._client() as client:
            threads = _threads(client)
            if not threads:
                log.info("%s has no worker yet: waiting for one", self.address)
            size = min(self.chunk, -(-len(tasks) // max(1, threads)))
            chunks = (tasks[start : start + size] for start in range(0, len(tasks), size))
            under_way: dict[str, Sequence[Task]] = {}
            ready = as_completed(loop=client.loop)

            def submit(room: int) -> None:
                for chunk in itertools.islice(chunks, max(1, room)):
                    future = client.submit(measure, chunk, local, pure=False)
                    under_way[future.key] = chunk
                    ready.add(future)

            submit(AHEAD * threads)
            for future in ready:
                if future.status not in ("finished", "error"):
                    break
                yield from _outcomes(under_way.pop(future.key), _why(future))
                submit(AHEAD * _threads(client) - len(under_way))
        for chunk in (*under_way.values(), *chunks):
            yield from _outcomes(chunk, f"the scheduler at {self.address} is gone")

    @contextmanager
    def _client(self) -> Iterator[Any]:
        """A client of the scheduler. Raises OSError or ValueError where none answers."""
        from distributed import Client

        with _quiet(), Client(self.address, timeout=ANSWERS_IN, set_as_default=False) as client:
            yield client


@contextmanager
def _quiet() -> Iterator[None]:
    """What becomes of the cells is said here: the library's own words of lost connections are tracebacks."""
    loggers = [logging.getLogger(name) for name in ("distributed", "distributed.client", "distributed.core")]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for logger, level in zip(loggers, before, strict=True):
            logger.setLevel(level)


def require_scheduler(address: str) -> None:
    """Raise ValueError unless a Dask scheduler answers at this address.

    Asked before there is a client, which leaves a traceback of its own where it cannot connect, and waits for ever
    for what listens there and is no scheduler.
    """
    with _quiet(), ThreadPoolExecutor(1) as thread:  # a loop of its own: a notebook has one that runs
        try:
            found = thread.submit(lambda: asyncio.run(_asked(address))).result()
        except TimeoutError as error:
            raise ValueError(str(error) or f"what is there does not answer in {ANSWERS_IN} s") from error
        except (OSError, ValueError) as error:
            raise ValueError(error) from error
        except Exception as error:  # each kind of address has errors of its own
            raise ValueError(f"{type(error).__name__}: {error}") from error
    if found != "Scheduler":
        raise ValueError(f"a {str(found).lower()} answers there")


async def _asked(address: str) -> str:
    """What answers at an address says it is."""
    from distributed import rpc

    async def identity() -> Mapping[str, Any]:
        async with rpc(address, timeout=ANSWERS_IN) as server:
            return await server.identity()

    return str((await asyncio.wait_for(identity(), ANSWERS_IN + 1))["type"])


def _threads(client: Any) -> int:
    return sum(client.nthreads().values())


def _why(future: Any) -> str:
    """Why a chunk that is over may have cells without a record."""
    if future.status == "finished":
        return "its record is not here: is the folder of results one that the workers share?"
    error = future.exception()
    return f"its chunk did not come to an end ({type(error).__name__}: {error})"


def _outcomes(chunk: Sequence[Task], why: str) -> Iterator[Outcome]:
    """What the records say of a chunk; a cell without one is missing, and the reason is told."""
    return (recorded(task, task.run_id) or Outcome(task, "missing", why) for task in chunk)


def _greet() -> None:
    """What a worker can do that has attnlab."""
