"""The values of a sweep are what Hydra's grammar says, also those that are read without it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from attnlab.harness.overrides import PLAIN, _number, _parser

WRITTEN = some.from_regex(r"[-+]?[0-9_]{1,4}(\.[0-9]{0,3})?(e-?[0-9]{1,2})?", fullmatch=True)


def told(text: str) -> object:
    return _parser().parse_override(f"key={text}").value()


@given(
    some.one_of(
        some.integers().map(str), some.floats(allow_nan=False, allow_infinity=False).map(str), WRITTEN
    )
)
def test_a_number_read_without_the_grammar_is_what_the_grammar_reads(text: str) -> None:
    if PLAIN.fullmatch(text):
        assert (_number(text), type(_number(text))) == (told(text), type(told(text)))


@pytest.mark.parametrize("text", ["0", "-7", "12.50", "-0.0", "0.1", "9007199254740993"])
def test_usual_numbers_need_no_grammar(text: str) -> None:
    assert PLAIN.fullmatch(text) and _number(text) == told(text)


@pytest.mark.parametrize("text", ["1_000", "007", "'5'", "5 ", "1e3", "1.", ".5", "+5", "true", "five", "٣"])
def test_whatever_else_there_is_needs_it(text: str) -> None:
    assert not PLAIN.fullmatch(text)
