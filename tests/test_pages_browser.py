"""The pages in a real browser, the network off: what a reader at any width runs into, and the live picture."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import report_table

import attnlab
from attnlab.identifiability import fibre_intervals
from attnlab.report import compare, comparison, index
from attnlab.report import study as report
from attnlab.report.study import Study
from attnlab.verdicts import Verdict

HERE = Path(__file__).parent / "browser"
NAMES = ("chromium", "chromium-browser", "google-chrome")
View = tuple[int, str, str, str]
VIEWS: list[View] = [
    *((width, "screen", scheme, "axe") for width in (360, 768, 1440) for scheme in ("light", "dark")),
    (718, "print", "light", "axe"),
    (768, "print", "dark", ""),
]
"""Width, medium, colours, and whether axe looks too; 718 pixels are a sheet of A4 between its margins."""
AUDITED: list[View] = [
    (*view[:3], view[3] if view[:3] in {(360, "screen", "light"), (1440, "screen", "dark")} else "")
    for view in VIEWS
]
"""axe sees an audit, whose template is a study's, at the ends of these."""
BAD = (
    "<!doctype html><meta charset=utf-8><link rel=icon href=data:,><img src=http://example.org/a.png>"
    "<script>missing()</script>"
)


def tools() -> str:
    """The browser's path. Skips without the tools, unless ATTNLAB_REQUIRE_BROWSER=1 says they must be there."""
    browser = next((found for name in NAMES if (found := shutil.which(name))), None)
    there = (HERE / "node_modules" / "playwright-core").is_dir() and shutil.which("node")
    if browser and there:
        return browser
    words = f"no browser ({', '.join(NAMES)}), no node, or no `npm ci --prefix tests/browser`"
    if os.environ.get("ATTNLAB_REQUIRE_BROWSER") == "1":
        pytest.fail(words)
    pytest.skip(words)


def visit(
    pages: Mapping[str, tuple[Path, Sequence[View]]],
    folder: Path,
    index: Path | None = None,
    printed: Mapping[Path, Path] = {},
) -> dict[str, Any]:
    """What visit.js tells of pages in their views, by names, in one browser that finds no host.

    index: the page whose picture it moves; printed: where pages are printed to; `asked`: the addresses that the
    browser looked for on behalf of pages, by its own log.
    """
    browser, job, log = tools(), folder / "job.json", folder / "net.json"
    listed = [[name, str(path), views] for name, (path, views) in pages.items()]
    paper = {str(page): str(pdf) for page, pdf in printed.items()}
    wanted = {"pages": listed, "index": str(index) if index else None, "print": paper, "netlog": str(log)}
    job.write_text(json.dumps(wanted))
    done = subprocess.run(
        ["node", str(HERE / "visit.js"), browser, str(job)],
        capture_output=True,
        text=True,
        timeout=400,
        cwd=HERE,
    )
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told | {"asked": asked(log)}


def asked(log: Path) -> list[str]:
    """The addresses pages asked for; those the browser asks for itself have no origin as initiator."""
    text = log.read_text().rstrip().rstrip(",")
    events = json.loads(text if text.endswith("}") and "]" in text[-4:] else text + "]}")["events"]
    found = [event["params"] for event in events if "initiator" in event.get("params", {})]
    addresses = [one["url"] for one in found if one["initiator"] != "not an origin" and "url" in one]
    return [address for address in addresses if not address.startswith(("file:", "data:"))]


def four() -> pd.DataFrame:
    """Two conditions under four questions, one of them a bracket, and chance."""
    shares = {"sharp": (0.9, 0.2, 0.1, 0.8), "diffuse": (0.0, 0.1, 0.3, 0.05)}
    return pd.DataFrame(
        [
            {
                "study": "four", "key": name, "status": "done", "reason": None, "inputs.n": 32,
                "condition": name, "trials": 40, "repeats": 5, "seed": 0, "nonfinite": 0,
                "metric": metric, "kind": "rate", "value": value, "low": max(0.0, value - 0.05),
                "high": min(1.0, value + 0.05), "count": 200, "effective": 200.0,
            }
            for name, values in shares.items()
            for metric, value in zip(("q2", "q3_kept", "q3_lost", "q4", "chance"), (*values, 0.03), strict=True)
        ]
    )  # fmt: skip


TILES = {
    "name": "four", "kind": "tiles", "x": "condition", "y": ["q2", "q3", "q4"], "inside": {"q4": "chance"},
    "opening": True, "title": "Two conditions, three questions",
    "labels": {"q2": "Q2 simplex", "q3": "Q3 softmax", "q4": "Q4 readable"},
}  # fmt: skip


def opening() -> index.IndexEntry:
    """A study that opens the index with tiles."""
    facts = Study(
        name="four", title="Four", question="Who asks?", command="attnlab experiment=four_questions",
        counts={"done": 2}, provenance={"code": "24b3a11"}, figures=[TILES],
    )  # fmt: skip
    verdict = Verdict(
        ("Kept in 90.0 % [85.0, 95.0] (200 trials).",),
        opening="It depends: 90.0 % [85.0, 95.0] (200 trials).",
    )
    return index.IndexEntry(facts, verdict, index.frames(facts, four(), "four"))


def audited(folder: Path) -> Path:
    """The page of an audit of two heads over twelve words, some of them twice, some of them markup."""
    words = ["[CLS]", "I", "love", "sushi", "and", "I", "love", "<b>", "=1+1", "tea", "…", "[SEP]"]
    same = [0, 1, 2, 3, 4, 1, 2, 7, 8, 9, 10, 11]
    draw = np.random.default_rng(0).standard_normal
    arrays = {"queries": draw((2, 12, 4)), "keys": draw((2, 12, 4)), "values": draw((2, 12, 3))[:, same]}
    np.savez(folder / "heads.npz", tokens=words, **arrays)  # type: ignore[arg-type]
    own = (f"inputs.path={folder / 'heads.npz'}", "exec=serial")
    attnlab.run("audit", *own, inputs="arrays", searched=1, results=folder / "heads")
    return folder / "heads" / "audit" / "report.html"


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the browser tells of the index, a study's page, a comparison and an audit of heads."""
    folder = tmp_path_factory.mktemp("pages")
    rows = report_table.table()
    words, facts = report_table.verdict(rows), report_table.study(rows)
    report.write(folder / "recovery", facts, rows, words)
    first = opening()
    report.write(folder / "four", first.study, four(), first.verdict)
    index.write(folder, [first, index.IndexEntry(facts, words, index.frames(facts, rows, "recovery"))])
    other = rows.assign(seed=1, value=rows["value"].clip(upper=0.9))
    sides = compare.Side("recovery", rows, conclude=report_table.verdict), compare.Side("other", other)
    apart = comparison.write(folder / "compare", compare.compare(*sides), "attnlab action=compare")
    bad = folder / "bad.html"
    bad.write_text(BAD)
    pages = {"index": folder / "index.html", "study": folder / "recovery" / "report.html", "compare": apart}
    pages["audit"] = audited(folder)
    asked_of = {name: (path, VIEWS) for name, path in pages.items()}
    asked_of["audit"] = (pages["audit"], AUDITED)
    return visit({**asked_of, "bad": (bad, [])}, folder, pages["index"])


def visits(seen: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    found = [
        (f"{page['name']} {one['width']} {one['media']} {one['scheme']}", one)
        for page in seen["pages"]
        for one in page["visits"]
    ]
    assert len(found) == 4 * len(VIEWS) and len(VIEWS) == 8
    return found


def test_the_network_is_left_alone_and_nothing_complains(seen: dict[str, Any]) -> None:
    *pages, bad = seen["pages"]
    for page in pages:
        assert page["requests"] == [] and page["complaints"] == [], page["name"]
    assert bad["requests"] == ["http://example.org/a.png"] and "missing is not defined" in str(
        bad["complaints"]
    )
    assert set(seen["asked"]) == {"http://example.org/a.png"}, (
        "by the browser's own log, in which the bad page is"
    )


def test_nothing_overflows_sideways(seen: dict[str, Any]) -> None:
    assert {
        where: one["wide"] for where, one in visits(seen) if one["wide"] > 0 and one["media"] == "screen"
    } == {}


def test_nothing_is_cut_in_print(seen: dict[str, Any]) -> None:
    printed = [(where, one) for where, one in visits(seen) if one["media"] == "print"]
    assert {where: one["cut"] for where, one in printed if one["cut"] or one["wide"] > 0} == {}
    assert {one["paper"] for _, one in printed} == {"rgb(255, 255, 254)"}, (
        "paper is white, whatever the screen"
    )


def test_on_paper_nothing_breaks_where_it_should_not(seen: dict[str, Any]) -> None:
    """Headings stay with what follows; cards and figures are whole, no taller than a sheet, and none a phone's."""
    printed = [(where, one) for where, one in visits(seen) if one["media"] == "print"]
    assert {where: one["broken"] for where, one in printed if one["broken"]} == {}


def test_heading_and_first_column_of_a_table_stay_and_its_edge_is_shaded(seen: dict[str, Any]) -> None:
    found = [box for page in seen["pages"] for box in page["scrolls"]]
    assert len(found) > 3
    for box in found:
        assert box["role"] == "region" and box["name"] and box["overflow"] == "auto"
        assert box["edges"] == "local, local, scroll, scroll", (
            "paper that moves away from the shadow of an edge"
        )
    cells = [box for box in found if "moved" in box and min(box["moved"]) > 0]
    assert cells
    for box in cells:
        assert abs(box["heading"]) <= 2 and abs(box["column"]) <= 2
        assert box["body"][0] < 0 or box["body"][1] < box["heading"] + 60


def test_axe_finds_no_violation(seen: dict[str, Any]) -> None:
    assert {where: one["axe"] for where, one in visits(seen) if one.get("axe")} == {}


def test_no_letter_in_a_figure_is_under_nine_pixels(seen: dict[str, Any]) -> None:
    small = {
        where: one["small"][:5] for where, one in visits(seen) if one["small"] and one["media"] == "screen"
    }
    assert small == {}


def test_no_page_shows_a_raw_name(seen: dict[str, Any]) -> None:
    assert {where: one["raw"] for where, one in visits(seen) if one["raw"]} == {}


def test_the_table_of_cells_sorts_and_filters(seen: dict[str, Any]) -> None:
    (found,) = (page["cells"] for page in seen["pages"] if page["name"] == "study")
    numbers = [
        [float(text.split()[0]) for _, text in found[way] if text[:1].isdigit()] for way in ("up", "down")
    ]
    assert numbers[0] == sorted(numbers[0]) and numbers[1] == sorted(numbers[0], reverse=True)
    assert sorted(found["up"]) == sorted(found["plain"]) and len(set(numbers[0])) > 1
    assert found["kept"] == [row for row in found["down"] if found["word"] in row[0]]
    assert 0 < len(found["kept"]) < len(found["plain"])


def test_the_picture_computes_what_the_library_computes(seen: dict[str, Any]) -> None:
    """Dragged, moved by keys, with more words, colder: the intervals are those of fibre_intervals."""
    steps = seen["plane"]
    values = [json.loads(step["values"]) for step in steps]
    assert values[0] != values[1] and values[3] != values[2], "the reader's hand moved nothing"
    assert steps[2]["weights"] != steps[1]["weights"], "the query moved nothing"
    assert {len(one) for one in values} == {3, 4, 5, 6, 7}
    for step, held in zip(steps, values, strict=True):
        a, v = np.array(json.loads(step["weights"])), np.array(held)
        rows = [[float(row[name]) for name in ("low", "high", "weight", "other")] for row in step["rows"]]
        low, high, weight, other = np.array(rows).T
        assert weight == pytest.approx(a, abs=0) and a.sum() == pytest.approx(1)
        assert np.abs(np.stack([low, high], -1) - fibre_intervals(a, v)).max() <= 1e-9, step["what"]
        assert np.array(json.loads(step["output"])) == pytest.approx(a @ v, abs=1e-12)
        assert other.min() >= 0 and other.sum() == pytest.approx(1)
        assert np.abs(other @ v - a @ v).max() <= 1e-12
        assert float(step["distance"]) == pytest.approx(0.5 * np.abs(a - other).sum(), abs=1e-12)


def test_the_picture_is_told_to_those_who_use_keys(seen: dict[str, Any]) -> None:
    (moved,) = (step for step in seen["plane"] if step["what"] == "a value moved by keys")
    assert moved["focus"].startswith("value of fresh at (") and "arrow keys" in moved["focus"]
    before = next(step for step in seen["plane"] if step["what"] == "the query dragged")
    old, new = (np.array(json.loads(step["values"]))[2] for step in (before, moved))
    assert new - old == pytest.approx([-0.05, 0.05 - 0.25])
    assert "query" in next(step for step in seen["plane"] if step["what"].startswith("cold"))["said"]
