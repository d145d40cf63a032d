"""Status: how far every study with records is; writes nothing."""

from __future__ import annotations

from attnlab.harness.command import Asked
from attnlab.harness.store import Store, counts
from attnlab.harness.terminal import in_jobs, progress

HEEDS = ("experiment", "study", "grid", "force")


def act(asked: Asked) -> int:
    """Print, for every folder with records, how far its grid is: the one last asked for, or asked for now."""
    sweeps = asked.sweeps()
    if not sweeps:
        print(f"no study has records in {asked.results}")
        return 0
    tallies = {sweep.name: counts(entry.status for entry in sweep.entries) for sweep in sweeps}
    others = {
        sweep.name: Store(asked.results / sweep.name).count()
        - sum(entry.record is not None for entry in sweep.entries)
        for sweep in sweeps
    }
    print(progress(tallies, others))
    for sweep in sweeps:
        for line in in_jobs(sweep.name, [entry.job for entry in sweep.entries if entry.job is not None]):
            print(line)
    return 0
