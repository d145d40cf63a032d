"""Cells in the jobs of a Slurm cluster, through submitit: chunks of cells, as job arrays."""

from __future__ import annotations

import importlib.util
import itertools
import logging
import os
import re
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

from attnlab.harness.claims import SUBMITTING, claimed
from attnlab.harness.execution.base import Execution, Outcome, Place, Task, recorded
from attnlab.harness.execution.local import Local, measure
from attnlab.harness.execution.queued import PENDING, Job, Submission, clear, held, place, renewed
from attnlab.harness.execution.queued import jobs as jobs_of
from attnlab.harness.store import Store
from attnlab.parts import Count, Positive, SettingError
from attnlab.report.words import counted
from attnlab.tidy import FINAL

log = logging.getLogger("attnlab")
EXTRA = "submitit, which is not installed: pip install 'attnlab[slurm]'"
NO_CLUSTER = "a machine of a Slurm cluster: there is no sbatch here (Debian: apt-get install slurm-wlm munge)"
USUAL_ARRAY = 1001
"""Slurm's own MaxArraySize."""
SHORTEST, LONGEST = 0.25, 20.0
"""Seconds between two looks at the queue: often after news, ever more seldom without."""
LEAVING = (signal.SIGTERM, signal.SIGUSR2)
"""What a job hears when it is cancelled, and before its time is up."""


@dataclass(frozen=True)
class Slurm(Execution):
    """Cells in jobs of a Slurm cluster, in chunks as job arrays; each job runs its cells as exec=local does.

    The folder of results is the channel: it has to be one that the nodes share, and a job writes the same records
    into it as a local worker. The driver asks the queue and the records, nothing else; it may be killed, or leave
    (wait: false), and the next command finds what is queued. A job that ends without a cell's record, cancelled or
    killed, leaves the cell missing: it runs next time.

    partition: null for the cluster's usual one; time: minutes a job may take; memory: GB a job has, null for
    what is usual; workers: cores of a job, and cells it measures at once; chunk: cells of a job; sbatch: further
    options, `--account=abc`; setup: lines of shell before the cells, `module load python`; wait: for the jobs.
    """

    partition: str | None = None
    time: Count = 60
    memory: Positive | None = None
    workers: Count = 1
    chunk: Count = 16
    sbatch: list[str] = field(default_factory=list)
    setup: list[str] = field(default_factory=list)
    wait: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        for option in self.sbatch:
            if not re.match(r"--[a-z][a-z-]*(=|$)", str(option)):
                raise SettingError(
                    "sbatch", option, "a list of long options of sbatch: 'exec.sbatch=[\"--account=abc\"]'"
                )

    @property
    def at_once(self) -> None:
        """The cluster decides."""

    def require_ready(self) -> None:
        """Raise SettingError without submitit, without a cluster, or for options that sbatch refuses."""
        if importlib.util.find_spec("submitit") is None:
            raise SettingError("exec", "slurm", EXTRA)
        if not all(map(shutil.which, ("sbatch", "squeue", "srun"))):
            raise SettingError("exec", "slurm", NO_CLUSTER)
        names = {"cpus_per_task": "cpus-per-task"}
        options = [f"--{names.get(name, name)}={value}" for name, value in self._asked().items()]
        command = ["sbatch", "--test-only", *options, *self.sbatch, "--wrap=true"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode or held(["attnlab"]) is None:
            said = done.stderr.strip().splitlines() or ["squeue does not answer"]
            raise SettingError("exec", "slurm", f"a cluster that takes such jobs ({said[0]})")

    def __call__(self, tasks: Sequence[Task]) -> Generator[Outcome, None, None]:
        """Submit the tasks, say under which numbers, and wait for them if that is asked for."""
        jobs: dict[Place, Job] = {}
        for folder, some in itertools.groupby(tasks, key=lambda task: task.folder):
            jobs |= self._in_jobs(folder, list(some))
        yield from (Outcome(task, task.status) for task in tasks if task.place not in jobs)
        yield from self.awaited([task for task in tasks if task.place in jobs], jobs)

    def _in_jobs(self, folder: Path, tasks: Sequence[Task]) -> dict[Place, Job]:
        """The job of each of one study's tasks that is not done: submitted now, unless another driver has.

        One driver at a time looks what is queued and submits the rest.
        """
        with claimed(folder, SUBMITTING):
            renewed(folder)
            left = [task for task in tasks if not task.is_done]
            found = Store(folder).records(task.cell.key for task in left)
            known = jobs_of(folder, {key: one for key, one in found.items() if one["status"] not in FINAL})
            theirs = {task.place: known[task.cell.key] for task in left if task.cell.key in known}
            if theirs:
                log.info("%s of %s submitted by another command", counted(len(theirs), "cell"), folder.name)
            return theirs | self._submitted(folder, [task for task in left if task.place not in theirs])

    def awaited(self, tasks: Sequence[Task], jobs: Mapping[Place, Job]) -> Iterator[Outcome]:
        """What becomes of tasks that are in jobs: queued if nobody is to wait, else what their records say."""
        return self._waited_for(tasks, jobs) if self.wait else super().awaited(tasks, jobs)

    def _waited_for(self, tasks: Sequence[Task], jobs: Mapping[Place, Job]) -> Iterator[Outcome]:
        waiting: dict[Job, list[Task]] = {}
        for task in tasks:
            waiting.setdefault(jobs[task.place], []).append(task)
        ended: set[Job] = set()
        pause, stops = SHORTEST, False
        try:
            while waiting:  # ends: every job leaves the queue, and at the second look after that its cells
                queue = held({job.name for job in waiting})
                heard = False
                for job in [job for job in waiting if queue is not None and _moved(job, queue)]:
                    left = []
                    for task in waiting.pop(job):
                        outcome = recorded(task, job.run_id) or (_lost(task, job) if job in ended else None)
                        heard |= outcome is not None
                        if outcome is None:
                            left.append(task)
                        else:
                            stops = self.ends_with(outcome)
                            yield outcome
                    waiting |= {job: left} if left else {}
                    ended |= set() if queue is None or (job.name, job.index) in queue else {job}
                pause = SHORTEST if heard or not waiting else min(LONGEST, 1.3 * pause)
                time.sleep(pause if waiting else 0)
        finally:
            _leave_behind(waiting, stops)
        for folder in dict.fromkeys(task.folder for task in tasks):
            clear(folder, {job.name for job in jobs.values()})

    def _submitted(self, folder: Path, tasks: list[Task]) -> dict[Place, Job]:
        """Submit one study's tasks: in as many arrays as the cluster's limit asks for. The job of each."""
        count = -(-len(tasks) // self.chunk)
        chunks = [tasks[start::count] for start in range(count)]  # neighbours are alike: spread over the jobs
        most = max(1, _most_in_an_array())
        jobs: dict[Place, Job] = {}
        for start in range(0, count, most):
            made = self._array(folder, chunks[start : start + most])
            jobs |= made
            number = next(iter(made.values())).id.partition("_")[0]
            told = f"job {number}: {len(made)} cells of {folder.name} in {len(chunks[start : start + most])}"
            log.info("submitted %s", told)
        return jobs

    def _array(self, folder: Path, chunks: Sequence[Sequence[Task]]) -> dict[Place, Job]:
        """Submit one array. Raises OSError with what sbatch says if it refuses."""
        import submitit

        name, run_id = f"attnlab-{secrets.token_hex(4)}", chunks[0][0].run_id
        keys = tuple(tuple(task.cell.key for task in chunk) for chunk in chunks)
        made = Submission(name, place(folder, name), run_id, keys)
        made.write()  # first: a driver that is killed here finds its jobs by their name
        executor = submitit.SlurmExecutor(folder=made.folder, max_num_timeout=0)
        options: list[tuple[str, str, str]] = [option[2:].partition("=") for option in self.sbatch]
        executor.update_parameters(
            job_name=name,
            **self._asked(),
            setup=list(self.setup) or None,
            array_parallelism=len(chunks),
            additional_parameters={key: value if given else True for key, given, value in options},
        )
        local = Local(self.timeout, self.on_error, self.workers)
        try:
            numbers = executor.map_array(_on_node, chunks, [local] * len(chunks))
        except (submitit.core.utils.FailedJobError, submitit.core.utils.FailedSubmissionError) as error:
            raise OSError(f"sbatch: {str(error).strip()}") from error
        return {
            task.place: Job(number.job_id, name, index, run_id)
            for index, (number, chunk) in enumerate(zip(numbers, chunks, strict=True))
            for task in chunk
        }

    def _asked(self) -> dict[str, Any]:
        """What a job is to have, in sbatch's words."""
        memory = None if self.memory is None else f"{max(1, round(1024 * self.memory))}M"
        asked = {"partition": self.partition, "time": self.time, "mem": memory, "cpus_per_task": self.workers}
        return {name: value for name, value in asked.items() if value is not None}


def _leave_behind(jobs: Iterable[Job], stops: bool) -> None:
    """Say which jobs are still in the queue when nobody waits for them any more; stops: take them out of it."""
    numbers = list(dict.fromkeys(job.id.partition("_")[0] for job in jobs))
    if numbers and stops:
        subprocess.run(["scancel", *numbers], capture_output=True, check=False)
        log.info("taken out of the queue: job %s", " ".join(numbers))
    elif numbers:
        log.info("still in the queue: job %s (scancel takes it out)", " ".join(numbers))


def _moved(job: Job, queue: Mapping[tuple[str, int], tuple[str, str]]) -> bool:
    """Whether a job may have done something: it does not wait in the queue any more."""
    return queue.get((job.name, job.index), ("", ""))[1] != PENDING


def _lost(task: Task, job: Job) -> Outcome:
    """The outcome of a task whose job is over and left no record."""
    logs = place(task.folder, job.name) / f"{job.id}_0_log.err"
    told = f"job {job.id} ended without its record (cancelled, or out of time or memory): {logs}"
    return Outcome(task, "missing", told)


def _most_in_an_array() -> int:
    """The cluster's MaxArraySize."""
    done = subprocess.run(["scontrol", "show", "config"], capture_output=True, text=True, check=False)
    found = re.search(r"^MaxArraySize\s*=\s*(\d+)", done.stdout, re.MULTILINE)
    return int(found[1]) if found else USUAL_ARRAY


def _on_node(tasks: Sequence[Task], local: Local) -> None:
    """Measure the cells of one job, on its node.

    A job that is to end ends at once, its workers with it: a worker that hears of it first is no crashed cell.
    """
    for name in LEAVING:
        signal.signal(name, _leave)
    measure(tasks, local)


def _leave(_signal: int, _frame: FrameType | None) -> None:
    os._exit(1)
