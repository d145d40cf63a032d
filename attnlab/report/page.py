"""The frame of every page: templates, the style sheet, and text made safe for HTML and Markdown."""

from __future__ import annotations

import base64
import hashlib
import re
import textwrap
from pathlib import Path

import jinja2
from markupsafe import Markup, escape

from attnlab.report.interval_bar import interval_bar
from attnlab.report.words import NO_VALUE, gist, label, powers, typeset
from attnlab.streams import harmless

_TOGETHER = re.compile(r"(?<=\d) %|(?<=\[)[-+.\d·⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+, |(?<=\w) (?:[=≥≤≠+−]|&[lg]t;) (?=[\w−])")
"""What a line must not break: `5 %`, `[0.1, 0.2]`, `a ≥ 0`."""
_NAMES = re.compile(
    r"``?([^`]+)``?|\b[a-z]\w*(?:\.\w+)+=[^\s,;:)<]+|\b[a-z]{3,}=[a-z]\w*|\b[a-z][a-z0-9]*(?:_[a-z0-9]+)+\b"
)
"""What is set as code: what stands in backticks, words of a command (inputs.n=3), names such as least_squares."""
_INDEXED = re.compile(r"``?[^`]+``?|\b([a-z]|sum)_([a-z\d])\b")
"""A letter with its index, such as a_i, and a sum over one; code is passed over."""
_INTERVAL = re.compile(r"\[[-+.\d·⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+,\s[-+.\d·⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+\]")
"""An interval in a sentence, set lighter than the number it follows."""
_FACTS = re.compile(r"\([^()]*\b(?:trials|rows)\b[^()]*\)")
"""The condition and the trials of a number, in brackets, set smaller than the number."""
_LONG = re.compile(r"\w{40,}")
"""A word that no column of a table holds: it may be broken; none of our own tags has as many letters."""
_FOLDER = Path(__file__).parent / "templates"


def paragraphs(text: str) -> list[str]:
    """A docstring's paragraphs, each on one line; list items and indented formulas stay apart."""
    return [" ".join(part.split()) for part in re.split(r"\n\s*\n", text.strip()) if part.strip()]


def prose(text: str) -> Markup:
    """Plain words as HTML: escaped, formulas set, names and `code` as code."""
    safe = _TOGETHER.sub(_unbroken, str(escape(powers(typeset(text)))))
    safe = _INTERVAL.sub(r'<span class="ci">\g<0></span>', safe)
    safe = _FACTS.sub(r'<span class="facts">\g<0></span>', safe)
    safe = _INDEXED.sub(_indexed, safe)
    safe = _NAMES.sub(lambda found: f"<code>{found.group(1) or found.group()}</code>", safe)
    return Markup(_LONG.sub(lambda found: "<wbr>".join(textwrap.wrap(found.group(), 20)), safe))


def _indexed(found: re.Match[str]) -> str:
    if not found[1]:
        return found.group()  # code stays as it is
    letter = "Σ" if found[1] == "sum" else f"<i>{found[1]}</i>"
    return f"{letter}<sub>{found[2]}</sub>"


def _unbroken(found: re.Match[str]) -> str:
    return found.group().replace(" ", "\N{NO-BREAK SPACE}")


def markdown_prose(text: str) -> str:
    """Plain words as one line of Markdown that shows as written, except `code` in backticks.

    Code with a bar stays plain words: within a table the bar would end the cell.
    """
    pieces = re.split(r"(``?[^`]+``?)", typeset(" ".join(str(text).split())))
    line = "".join(
        piece if place % 2 and "|" not in piece else _escape(piece) for place, piece in enumerate(pieces)
    )
    return _AT_THE_START.sub(r"\g<1>\\\g<2>", line)


def markdown_line(text: str) -> str:
    """Words of somebody else's as one line of Markdown that shows as written."""
    return _AT_THE_START.sub(r"\g<1>\\\g<2>", _escape(" ".join(text.split())))


_AT_THE_START = re.compile(r"^(\d*)([-+#.)]+)(?=\s)")
"""What makes a heading or an item of a list of a line that it begins."""


def _escape(text: str) -> str:
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    text = re.sub(r"([\\`*|~$])", r"\\\1", text)
    text = re.sub(r"(?<!\w)_|_(?!\w)", r"\\_", text)  # within a word an underscore means nothing
    return re.sub(r"\](?=[(\[:])", r"\\]", text)  # no link without its closing bracket


def code(text: object) -> str:
    """Text as a Markdown code span, safe inside a table."""
    flat = " ".join(str(text).split()).replace("`", "'").replace("|", "\\|")
    return f"`{flat}`" if flat else ""


def measure(text: str) -> Markup:
    """`0.93 [0.91, 0.95]` with each interval set apart; `no value` as such."""
    if text == NO_VALUE:
        return Markup('<span class="nothing">{}</span>').format(text)
    return Markup(_INTERVAL.sub(r'<span class="ci">\g<0></span>', str(escape(text))))


def script(name: str) -> str:
    """An inline script of the pages, by its file."""
    return (_FOLDER / name).read_text(encoding="utf-8")


def allowed(script: str) -> str:
    """The source expression that lets a page's policy run exactly this inline script."""
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return f"'sha256-{digest}'"


def _environment() -> jinja2.Environment:
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_FOLDER),
        autoescape=lambda name: name is not None and ".html" in name,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters |= {
        "prose": prose,
        "md": markdown_prose,
        "code": code,
        "paragraphs": paragraphs,
        "measure": measure,
        "interval_bar": interval_bar,
        "label": label,
        "gist": gist,
    }
    return made


def render(template: str, **facts: object) -> str:
    """A page from its template; a missing fact is an error. Control characters stand there by their codes."""
    return harmless(_environment().get_template(template).render(**facts))
