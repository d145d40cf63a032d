"""attnlab.run anywhere: any process, any threads, inside Hydra, in a notebook; and nothing is left behind."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from importlib.metadata import version
from pathlib import Path

import pytest

from attnlab.harness import own

ROOT = Path(__file__).parents[1]
RUN = "attnlab.run('noop', level=1, trials=4, config_dir='mine', exec='serial', **{'inputs.n': 4})"

EXPERIMENT = """
    '''Noop: what?'''
    import numpy as np
    import aid
    VERSION = 1
    def trial(inputs, level: int, trials: int, rng):
        return {"draw": np.full(trials, float(aid.ADDED + level))}
"""
YAML = """
    # @package _global_
    level: 0
    trials: 4
    experiment:
      module: noop
      title: Noop
      grids: {quick: {all: {level: "range(4)", inputs.n: "4,8"}}}
      figures: [{name: draw, kind: lines, x: level, y: draw}]
"""


def own_folder(place: Path, added: int) -> None:
    """An experiment without a verdict, and a module of its own beside it."""
    (place / "experiment").mkdir(parents=True)
    (place / "noop.py").write_text(textwrap.dedent(EXPERIMENT))
    (place / "aid.py").write_text(f"ADDED = {added}\n")
    (place / "experiment" / "noop.yaml").write_text(textwrap.dedent(YAML))


def python(folder: Path, code: str, **environment: str) -> str:
    """What a script prints that is run in a folder; fails where it fails, or writes to standard error."""
    own_folder(folder / "mine", 10)
    script = folder / "script.py"
    script.write_text(textwrap.dedent(code))
    plain = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error", **environment}
    done = subprocess.run([sys.executable, script], cwd=folder, env=plain, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_nothing_global_is_left_behind(tmp_path: Path) -> None:
    """Handlers of signals, import path, modules of one's own, environment, logging, Hydra, threads, numpy, cwd."""
    code = f"""
        import logging, os, signal, sys, warnings
        import matplotlib, numpy as np
        from hydra.core.singleton import Singleton
        from threadpoolctl import threadpool_info, threadpool_limits
        sys.path.append("mine")
        import aid
        import attnlab, attnlab.session
        np.ones((50, 50)) @ np.ones((50, 50))
        threadpool_limits(2)
        signal.signal(signal.SIGTERM, lambda *_: None)
        logging.getLogger().addHandler(logging.NullHandler())
        os.environ["OMP_NUM_THREADS"] = "7"

        def state():
            log = logging.getLogger("attnlab")
            return {{
                "signals": {{name: signal.getsignal(name) for name in signal.valid_signals()}},
                "path": list(sys.path),
                "modules": {{n: m for n, m in sys.modules.items() if n in ("aid", "noop", "aid.aid")}},
                "environment": dict(os.environ),
                "logging": (list(logging.getLogger().handlers), list(log.handlers), log.level, log.propagate),
                "hydra": {{k.__name__: v for k, v in Singleton._instances.items() if k.__name__ != "Plugins"}},
                "threads": sorted((one["filepath"], one["num_threads"]) for one in threadpool_info()),
                "numpy": np.geterr(), "draws": repr(np.random.get_state()),
                "cwd": os.getcwd(), "warnings": list(warnings.filters), "excepthook": sys.excepthook,
                "figures": dict(matplotlib.rcParams),
            }}

        {RUN.replace("level=1", "level=2")}  # what is imported first is imported
        before = state()
        study = {RUN}
        after = state()
        print([name for name in before if before[name] != after[name]], study.counts, study.table["value"].iloc[0])
    """
    assert python(tmp_path, code) == "[] {'done': 1} 11.0"


def test_a_refused_run_leaves_nothing_behind_either(tmp_path: Path) -> None:
    code = f"""
        import os, sys, attnlab, attnlab.session  # importing libraries is another matter
        from hydra.core.global_hydra import GlobalHydra
        before = (dict(os.environ), list(sys.path))
        try:
            {RUN.replace("level=1", "level='abc'")}
        except ValueError as error:
            print("level = abc" in str(error), "expected an integer" in str(error))
        print((dict(os.environ), list(sys.path)) == before, GlobalHydra.instance().is_initialized(), os.listdir())
    """
    first, second = python(tmp_path, code).splitlines()
    assert first == "True True" and second.startswith("True False") and "results" not in second


@pytest.mark.skipif(
    sys.version_info >= (3, 14) and version("hydra-core").startswith("1.3."),
    reason="hydra.main of Hydra 1.3 starts no application on Python 3.14; that of 1.4 does",
)
def test_inside_a_hydra_application(tmp_path: Path) -> None:
    code = f"""
        import sys, attnlab, hydra
        from hydra.core.global_hydra import GlobalHydra
        from hydra.core.hydra_config import HydraConfig
        from hydra.version import getbase
        sys.argv = ["script.py", "hydra.run.dir=.", "hydra.output_subdir=null", "hydra/job_logging=none",
                    "hydra/hydra_logging=none"]
        base = {{}} if hydra.__version__.startswith("1.4.") else {{"version_base": "1.2"}}

        @hydra.main(config_path=None, **base)
        def main(config):
            mine = GlobalHydra.instance().hydra, HydraConfig.get().job.name, getbase()
            print({RUN}.counts)
            print(mine == (GlobalHydra.instance().hydra, HydraConfig.get().job.name, getbase()))

        main()
    """
    assert python(tmp_path, code).splitlines() == ["{'done': 1}", "True"]


def test_inside_a_running_event_loop_and_in_workers(tmp_path: Path) -> None:
    """As in a notebook; the script has no guard against being imported by a worker, as a notebook has none."""
    code = f"""
        import asyncio, attnlab
        async def cell():
            return {RUN.replace("level=1", "level=[1, 2]").replace("serial", "local")}
        study = asyncio.run(cell())
        print(study.counts, sorted(study.table["value"]), "<svg" in study._repr_html_())
    """
    assert python(tmp_path, code) == "{'done': 2} [11.0, 12.0] True"


def test_in_a_thread_with_other_threads_of_blas(tmp_path: Path) -> None:
    code = f"""
        import threading, attnlab
        from threadpoolctl import threadpool_limits
        found = []
        with threadpool_limits(2):
            thread = threading.Thread(target=lambda: found.append({RUN}))
            thread.start(); thread.join()
        print(found[0].counts)
    """
    assert python(tmp_path, code, OMP_NUM_THREADS="2") == "{'done': 1}"


def test_twice_with_other_folders_whose_modules_have_one_name(tmp_path: Path) -> None:
    own_folder(tmp_path / "other", 20)
    code = f"""
        import attnlab
        one, two = {RUN}, {RUN.replace("'mine'", "'other'")}
        with open("mine/aid.py", "w") as file:
            file.write("ADDED = 30")
        three = {RUN}
        print([float(study.table["value"].iloc[0]) for study in (one, two, three)])
    """
    assert python(tmp_path, code) == "[11.0, 21.0, 31.0]"


def test_a_folder_that_holds_the_checkout_keeps_its_modules(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only what is the user's own is read anew: not attnlab, not an environment's libraries, not the script."""
    import attnlab.parts

    own_folder(tmp_path / "mine", 10)
    library = tmp_path / "mine" / ".venv" / "lib" / "site-packages"
    library.mkdir(parents=True)
    (library / "of_another.py").touch()
    monkeypatch.setattr(sys, "path", [*sys.path, str(library), str(tmp_path / "mine")])
    import aid  # type: ignore[import-not-found]
    import of_another  # type: ignore[import-not-found]

    found = own.loaded([str(tmp_path / "mine"), str(ROOT)])
    assert found["aid"] is aid and "of_another" not in found and of_another
    assert not [name for name in found if name.partition(".")[0] in ("attnlab", "__main__", "numpy")]
    assert "attnlab.parts" in sys.modules and attnlab.parts
    for name in ("aid", "of_another"):
        del sys.modules[name]


def test_the_checkout_itself_as_the_folder(tmp_path: Path) -> None:
    code = f"""
        import attnlab, sys
        for level in (1, 2):
            study = attnlab.run("recovery", "inputs.n=4", weights="hard", decoder="nearest_value", trials=4,
                                exec="serial", config_dir={str(ROOT)!r}, seed=level)
        import attnlab.harness.cells as cells
        print(study.counts, cells is sys.modules["attnlab.harness.cells"], attnlab.parts.Part is not None)
    """
    assert python(tmp_path, code) == "{'done': 1} True True"
