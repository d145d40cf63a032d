"""One file per question: its docstring asks it, `trial` measures it, `verdict` answers it.

A wheel holds the files in this folder; in a checkout they lie in `experiments/` at the repository's top. Either
way an experiment is `attnlab.experiments.<name>`.
"""

from pathlib import Path

_here = Path(__file__).resolve().parent
if not any(_here.glob("[!_]*.py")):
    __path__ = [str(_here.parents[1] / "experiments")]
