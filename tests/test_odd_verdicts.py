"""A verdict of one's own that is none: a sentence on the page, and the numbers are there all the same."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import Lab

from attnlab.harness.publish import read_study
from attnlab.harness.summary import returned

ONE = ("experiment=noop", "level=1", "inputs.n=4", "trials=2", "repeats=1", "exec=serial")
ODD = {
    "return None": "expected a Verdict, got None",
    "return 'it is lost'": "expected a Verdict, got str",
    "return Verdict('it is lost')": "verdict.sentences: expected",
    "return Verdict((1,))": "verdict.sentences: expected str, got 1",
    "return Verdict(None)": "verdict.sentences: expected",
    "return Verdict(('a',), ('not an answer',))": "verdict.answers: expected Answer",
    "raise SystemExit(3)": "SystemExit: 3",
    "raise KeyboardInterrupt": "KeyboardInterrupt",
    "raise GeneratorExit": "GeneratorExit",
    "raise ValueError('x' * 100000)": "100,012 characters",
    "import sys; sys.exit()": "SystemExit",
}


def write(lab: Lab, body: str) -> None:
    module = lab.folder / "mine" / "noop.py"
    text = module.read_text()
    module.write_text(text[: text.index("def verdict")] + f"def verdict(table):\n    {body}\n")


@pytest.mark.parametrize("body", ODD)
def test_a_verdict_that_is_none_is_a_sentence(lab: Lab, body: str) -> None:
    write(lab, body)
    answer = lab(*ONE)
    assert answer.code == 0 and "Traceback" not in answer.err, answer.err
    assert answer.err.count("the verdict of noop could not be made") == 1 and ", line " in answer.err
    facts, verdict = read_study(lab.results / "noop" / "study.json")
    (sentence,) = verdict.sentences
    assert sentence.startswith("No verdict: it could not be made (") and ODD[body] in sentence
    assert len(sentence) < 2200 and facts.counts["done"] == 1
    assert ODD[body].partition(":")[0] in (lab.results / "noop" / "report.md").read_text()


@pytest.mark.parametrize("name", [3, None, "", " ", "a\nb", ("a",), "\ud800"])
def test_a_metric_whose_name_is_no_text_is_refused(name: object) -> None:
    with pytest.raises(ValueError, match="mine"):
        returned("mine.trial", {name: [1.0, 2.0]}, {}, 2)


def test_a_config_dir_is_code_and_the_readme_and_the_docs_say_so() -> None:
    root = Path(__file__).parents[1]
    for name in ("README.md", "docs/cli.md"):
        text = " ".join((root / name).read_text().split())
        assert "What is given to `--config-dir` is code" in text and "A results folder is data" in text, name
