"""The pages in a real browser with the network off: no request leaves them, nothing complains."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
import report_table

NAMES = ("chromium", "chromium-browser", "google-chrome")


@dataclass(frozen=True)
class Visit:
    """What the browser did with a page: addresses asked for on the page's behalf, console lines, the DOM."""

    requests: tuple[str, ...]
    console: tuple[str, ...]
    document: str


def visit(page: Path, scratch: Path) -> Visit:
    """Open a page. Skips without a browser, unless ATTNLAB_REQUIRE_BROWSER=1 says that there must be one."""
    browser = next((found for name in NAMES if (found := shutil.which(name))), None)
    if browser is None:
        if os.environ.get("ATTNLAB_REQUIRE_BROWSER") == "1":
            pytest.fail(f"no browser: expected one of {', '.join(NAMES)} on the path")
        pytest.skip(f"no browser: none of {', '.join(NAMES)} on the path")
    log = scratch / "net.json"
    command = [
        browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
        "--disable-background-networking", "--disable-component-update", "--disable-sync",
        f"--user-data-dir={scratch / 'profile'}", "--host-resolver-rules=MAP * ~NOTFOUND",
        "--enable-logging=stderr", "--v=0", f"--log-net-log={log}", "--window-size=420,900", "--dump-dom",
        page.as_uri(),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=90, check=True)
    lines = tuple(line for line in done.stderr.splitlines() if ":CONSOLE" in line)
    return Visit(tuple(requests(log)), lines, done.stdout)


def requests(log: Path) -> list[str]:
    """The addresses a page asked for; those the browser asks for itself have no origin as initiator."""
    text = log.read_text().rstrip().rstrip(",")
    events = json.loads(text if text.endswith("}") and "]" in text[-4:] else text + "]}")["events"]
    asked = [event["params"] for event in events if "initiator" in event.get("params", {})]
    return [one["url"] for one in asked if one["initiator"] != "not an origin" and "url" in one]


def test_the_check_sees_what_it_looks_for(tmp_path: Path) -> None:
    page = tmp_path / "bad.html"
    page.write_text(
        "<!doctype html><meta charset=utf-8><link rel=icon href=data:,><img src=http://example.org/a.png>"
        "<script>missing()</script>"
    )
    seen = visit(page, tmp_path)
    assert "http://example.org/a.png" in seen.requests
    assert any("missing is not defined" in line for line in seen.console)


def test_the_pages_ask_for_nothing_and_complain_of_nothing(tmp_path: Path) -> None:
    report_table.write(tmp_path)
    for place, name in enumerate(("recovery/report.html", "index.html")):
        scratch = tmp_path / f"scratch{place}"
        scratch.mkdir()
        seen = visit(tmp_path / name, scratch)
        assert [url for url in seen.requests if not url.startswith(("file:", "data:"))] == []
        assert seen.console == ()
        assert re.search(r"<h1[^>]*>", seen.document) and "</html>" in seen.document
