"""Two verdicts of one experiment: which claims changed from the one to the other, and which only their trials."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from attnlab.intervals import Interval
from attnlab.verdicts.answers import Verdict

SIMILAR = 0.6
"""Sentences of which at least this share of the words agrees are the same claim, put in other words."""
_NUMBER = r"[-+]?\d[\d.,]*(?:e[-+]?\d+)?(?<![.,])"
_ENDS = rf"\[({_NUMBER}), ({_NUMBER})\]"
_LOOSE = r"\(no interval[^)]*\)|on average \([^)]*\)|throughout"
_MEASURED = re.compile(rf"{_NUMBER}(?: %)? (?:{_ENDS}|{_LOOSE})")
"""A measured number in a sentence: with its interval, or with the words that stand where there is none."""
_BARE = re.compile(_NUMBER)
_TRIALS = re.compile(r"# to # (trials|rows)\b")
Pair = tuple[str, str]


@dataclass(frozen=True)
class Claims:
    """The claims of two verdicts, as pairs of sentences.

    changed: another claim, or its number moved beyond the interval of the difference; "" where a side does not
    make the claim. What a sentence has in its brackets (the condition, chance, what stands beside it) is no claim.
    again: the same claim, its numbers no further apart than that; kept: how many are the same to the letter.
    """

    changed: tuple[Pair, ...]
    again: tuple[Pair, ...]
    kept: int


def claims(one: Verdict, other: Verdict, moved: Callable[[str, str], bool]) -> Claims:
    """The claims of both.

    moved: whether two measured numbers, as they are printed, are apart beyond the interval of their difference.
    Numbers without an interval (trials, conditions, ranges) change no claim.
    """
    said = {**_said(one), **_said(other)}
    kept = [sentence for sentence in one.sentences if sentence in other.sentences]
    before = [sentence for sentence in one.sentences if sentence not in kept]
    after = [sentence for sentence in other.sentences if sentence not in kept]
    changed: list[Pair] = []
    again: list[Pair] = []
    for sentence in before:
        partner = _partner(sentence, after)
        after = [candidate for candidate in after if candidate != partner]
        claim, claim_b = said.get(sentence, sentence), said.get(partner, partner)
        same = bool(partner) and _words(claim) == _words(claim_b)
        numbers = zip(_measured(claim), _measured(claim_b), strict=True) if same else ()
        stays = same and not any(moved(a, b) for a, b in numbers)
        (again if stays else changed).append((sentence, partner))
    return Claims((*changed, *(("", sentence) for sentence in after)), tuple(again), len(kept))


def _said(verdict: Verdict) -> dict[str, str]:
    """By its sentence, what each claim says: its words with its own numbers, up to the brackets."""
    sentences = filter(None, verdict.sentences)
    return {sentence: told.words for sentence, told in zip(sentences, verdict.pieces, strict=True)}


def read(number: str) -> Interval | None:
    """A number as it is printed, `44.0 % [37.3, 50.9]` or `0.44 [0.373, 0.509]`; None without an interval."""
    ends = re.search(_ENDS, number)
    first = _BARE.match(number)
    if ends is None or first is None:
        return None
    unit = 100 if " % " in number else 1
    value, low, high = (float(end.replace(",", "")) / unit for end in (first[0], *ends.groups()))
    return Interval(value, low, high, 0, np.nan)


def _partner(sentence: str, candidates: list[str]) -> str:
    """The sentence that makes the same claim: in the same words, else in the most alike; "" for none."""
    for candidate in candidates:
        if _words(candidate) == _words(sentence):
            return candidate
    likeness = {candidate: _likeness(sentence, candidate) for candidate in candidates}
    best = max(likeness, key=lambda candidate: likeness[candidate], default="")
    return best if likeness.get(best, 0.0) >= SIMILAR else ""


def _measured(sentence: str) -> list[str]:
    return [found[0] for found in _MEASURED.finditer(sentence)]


def _words(sentence: str) -> str:
    """A sentence apart from its numbers: measured ones, others, and the trials of several."""
    return _TRIALS.sub(r"# \1", _BARE.sub("#", _MEASURED.sub("*", sentence)))


def _likeness(one: str, other: str) -> float:
    """From 0 to 1: how many of the words of two sentences agree, numbers apart."""
    left, right = _words(one).split(), _words(other).split()
    return difflib.SequenceMatcher(None, left, right, autojunk=False).ratio()
