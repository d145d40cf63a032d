"""Pages made again are the same to the byte, whatever order Python's sets have; a large page stays small."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
from conftest import Lab

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
AGAIN = """
import sys
from attnlab.app import main
for words in (["action=report"], ["action=compare", "a=noop", "b=other"]):
    sys.argv = ["attnlab", *sys.argv[1:3], *words]
    try:
        main()
    except SystemExit as stop:
        assert not stop.code, stop.code
"""


def pages(folder: Path) -> dict[str, bytes]:
    """What a reader may open; the tables of cells are made from the records alone."""
    kinds = {".html", ".md", ".svg", ".csv", ".json"}
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.suffix in kinds and not {"cells", "runs"} & set(path.relative_to(folder).parts)
    }


def test_index_study_and_comparison_are_the_same_bytes_in_two_processes(lab: Lab, tmp_path: Path) -> None:
    noop = ("experiment=noop", "exec=serial", "level=1,2,3")
    assert lab(*noop).code == 0 and lab(*noop, "study=other", "seed=1").code == 0
    found = []
    for seed in ("1", "4321"):
        copy = tmp_path / seed / "results"
        shutil.copytree(lab.results, copy)
        for path in [copy / "index.html", copy / "noop" / "report.html", copy / "other" / "study.json"]:
            path.unlink()
        environment = os.environ | {"PYTHONHASHSEED": seed, "TZ": "Asia/Tokyo" if seed == "1" else "UTC"}
        where = [f"--config-dir={lab.folder / 'mine'}", f"results={copy}"]
        code = AGAIN.replace("sys.argv[1:3]", repr(where))
        subprocess.run(
            [sys.executable, "-c", code], env=environment, check=True, capture_output=True, cwd=copy
        )
        found.append(pages(copy))
    one, other = ({name: text.replace(b"/4321/", b"/1/") for name, text in own.items()} for own in found)
    assert one == other
    assert {"index.html", "index.md", "noop/report.html", "other/report.html"} < one.keys()
    assert any(name.startswith("compare/") and name.endswith("report.html") for name in one)


@pytest.fixture
def benchmark(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """benchmarks/pages.py, which judges the time as well."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    spec = importlib.util.spec_from_file_location("benchmark_pages", BENCHMARKS / "pages.py")
    assert spec is not None and spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


def test_a_page_over_ten_thousand_cells_is_under_three_megabytes(
    benchmark: ModuleType, tmp_path: Path
) -> None:
    rows = benchmark.table(("top1", "residual"))
    assert rows["key"].nunique() > 10_000
    assert 50_000 < benchmark.page(tmp_path, rows) < 3_000_000
    twin = (tmp_path / "report.md").read_text()
    assert "10,080" in twin and "The position is named in" in twin and len(twin) < 300_000
