"""Two verdicts of one experiment: which claims changed from the one to the other."""

from __future__ import annotations

import difflib
import re

from attnlab.verdicts.answers import Verdict

SIMILAR = 0.6
"""Sentences of which at least this share of the words agrees are the same claim."""


def changed(one: Verdict, other: Verdict) -> tuple[tuple[tuple[str, str], ...], int]:
    """The claims that changed, as pairs of sentences, and how many did not; "" where a side does not make it."""
    kept = set(one.sentences) & set(other.sentences)
    new = [sentence for sentence in other.sentences if sentence not in kept]
    pairs = []
    for sentence in one.sentences:
        if sentence not in kept:
            likeness = {candidate: _likeness(sentence, candidate) for candidate in new}
            best = max(likeness, key=lambda candidate: likeness[candidate], default="")
            partner = best if likeness.get(best, 0.0) >= SIMILAR else ""
            new = [candidate for candidate in new if candidate != partner]
            pairs.append((sentence, partner))
    return (*pairs, *(("", sentence) for sentence in new)), len(kept)


def _likeness(one: str, other: str) -> float:
    """From 0 to 1: how many of the words of two sentences agree, numbers apart."""
    left, right = (re.sub(r"[-+]?\d[\d.,e+-]*", "#", sentence).split() for sentence in (one, other))
    return difflib.SequenceMatcher(None, left, right, autojunk=False).ratio()
