"""The page of scaling is what its benchmark writes, and leaves nothing out."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture
def scaling(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    monkeypatch.delitem(sys.modules, "scaling", raising=False)
    import scaling

    return scaling


def test_the_page_has_the_frame_that_the_benchmark_writes(scaling: ModuleType) -> None:
    """Word for word, but for the numbers."""
    written = (ROOT / "docs" / "scaling.md").read_text(encoding="utf-8").splitlines()
    points = [scaling.Point(name, n, 1.0, 1.0) for name in scaling.CONTENDERS for n in scaling.SIZES]
    frame = scaling.page(points, "").splitlines()
    of_numbers = "| ", "is not counted"
    assert [line for line in written if not line.startswith(of_numbers)] == [
        line for line in frame if not line.startswith(of_numbers)
    ]
    names = [line.split(" |")[0] for line in frame if line.startswith("| ")]
    assert [line.split(" |")[0] for line in written if line.startswith("| ")] == names


def test_times_are_told_in_the_unit_that_suits_them(scaling: ModuleType) -> None:
    assert [scaling.told(seconds) for seconds in (0.0012, 0.99, 1.5, 59.0, 90.0, 7200.0, 720000.0)] == [
        "1.2 ms", "990 ms", "1.5 s", "59 s", "1.5 min", "2 h", "200 h",
    ]  # fmt: skip


def test_an_exponent_is_a_slope(scaling: ModuleType) -> None:
    points = [scaling.Point("x", n, 3.0 * n**2.5, 0.0) for n in scaling.SIZES]
    assert scaling.exponent(points) == pytest.approx(2.5)


def test_the_figure_holds_every_line_by_name(scaling: ModuleType, tmp_path: Path) -> None:
    points = [scaling.Point(name, n, 1.0 + n, 1.0) for name in scaling.CONTENDERS for n in scaling.SIZES[:2]]
    scaling.draw(points, tmp_path / "figure.svg")
    drawn = (tmp_path / "figure.svg").read_text(encoding="utf-8")
    assert drawn.count("<!-- ") > len(scaling.CONTENDERS)
    assert all(f"<!-- {name} -->" in drawn for name in scaling.CONTENDERS)
