"""What an experiment concludes: plain words, and numbers for the four questions."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import zip_longest
from typing import Literal

from attnlab.verdicts.bracket import Number

Question = Literal["Q1", "Q2", "Q3", "Q4"]
Way = Literal["kept", "lost", "read", "bits"]
QUESTIONS: dict[Question, tuple[str, str, str]] = {
    "Q1": ("linear", "is a the only vector with V^T a = o and sum a = 1?", "V"),
    "Q2": ("simplex", "is it the only one that also has a >= 0?", "V"),
    "Q3": ("softmax", "is it the only one of the form softmax(K q'/tau)?", "V and K"),
    "Q4": ("readable", "can a learned map that never sees V read the position?", "o, or o and the tokens"),
}
"""Name, question, and what the observer knows."""


@dataclass(frozen=True)
class Answer:
    """One number for one of the four questions: under which condition, and what it counts.

    says: which way the number points. `kept` is the share of trials in which the output keeps the position,
    `lost` the share in which it does not, `read` the share in which a learned observer reads it, `bits` an
    amount of information. theorem: in words, what makes the number no measurement, where something does.
    """

    question: Question
    condition: str
    counts: str
    interval: Number
    says: Way = "kept"
    theorem: str = ""

    @property
    def text(self) -> str:
        """The number with its interval, as the index prints it."""
        number = f"{self.interval} bits" if self.says == "bits" else f"{self.says} in {self.interval.percent}"
        return f"{self.theorem} (measured: {number})" if self.theorem else number


@dataclass(frozen=True)
class Verdict:
    """The answer of one study.

    sentences: plain words with numbers; limits: what it does not show; figures: for each sentence the name of the
    figure that shows its number, or nothing. drawn: False for an experiment that concludes nothing in words, whose
    figures and table speak alone.
    """

    sentences: tuple[str, ...]
    answers: tuple[Answer, ...] = ()
    limits: tuple[str, ...] = ()
    figures: tuple[str, ...] = ()
    drawn: bool = True

    @property
    def shown(self) -> tuple[tuple[str, str], ...]:
        """Each sentence with its figure's name."""
        return tuple(zip_longest(self.sentences, self.figures[: len(self.sentences)], fillvalue=""))
