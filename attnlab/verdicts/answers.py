"""What an experiment concludes: plain words, and numbers for the four questions."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import Literal

from attnlab.tidy import Unit
from attnlab.verdicts.bracket import Bracket, Number, remainder
from attnlab.verdicts.told import Told

Question = Literal["Q1", "Q2", "Q3", "Q4"]
Way = Literal["kept", "lost", "read", "bits"]
QUESTIONS: dict[Question, tuple[str, str, str]] = {
    "Q1": ("linear", "Could other weights that sum to 1 give exactly this output?", "the values"),
    "Q2": ("simplex", "Could other weights that sum to 1 and are at least 0 give it?", "the values"),
    "Q3": ("softmax", "Could another query over the same keys give it?", "the values and the keys"),
    "Q4": (
        "readable",
        "Can a learned map that never sees the values read the position?",
        "the output, or the output and the tokens",
    ),
}
"""Name, question, and what the observer knows."""
OPPOSITE = {"always": "never", "never": "always"}
"""What a theorem that begins so says of the other trials."""


@dataclass(frozen=True)
class Answer:
    """One number for one of the four questions: under which condition, and what it counts.

    says: which way the number points. `kept` is the share of trials in which the output keeps the position,
    `lost` the share in which it does not, `read` the share in which a learned observer reads it, `bits` an
    amount of information. theorem: in words, what makes the number no measurement, where something does.
    unit: what the interval counts.
    """

    question: Question
    condition: str
    counts: str
    interval: Number
    says: Way = "kept"
    theorem: str = ""
    unit: Unit = "trial"

    @property
    def kept(self) -> Answer:
        """The same answer as a share that is kept, whichever way it was counted; what is no share stays."""
        if self.says != "lost":
            return self
        rest = self.interval.of_loss if isinstance(self.interval, Bracket) else remainder(self.interval)
        first, comma, why = self.theorem.partition(",")
        theorem = OPPOSITE.get(first, first) + comma + why
        return replace(self, counts=f"not found: {self.counts}", interval=rest, says="kept", theorem=theorem)

    @property
    def text(self) -> str:
        """The number with its interval, as the index prints it; beside a theorem, what of it was found."""
        number = f"{self.interval} bits" if self.says == "bits" else f"{self.says} in {self.interval.percent}"
        if not self.theorem:
            return number
        if self.says == "lost" and self.theorem.startswith("always,") and self.interval.value < 1:
            number = f"others found in {self.interval.percent}"
        elif self.says == "kept" and self.theorem.startswith("never,") and self.interval.value > 0:
            number = f"no others found in {self.interval.percent}"
        else:
            number = f"measured: {number}"
        return f"{self.theorem} ({number})"


@dataclass(frozen=True)
class Verdict:
    """The answer of one study.

    sentences: plain words with numbers; limits: what it does not show; figures: for each sentence the name of the
    figure that shows its number, or nothing; cells: for each the keys of the cells it speaks of. drawn: False for
    an experiment that concludes nothing in words, whose figures and table speak alone. opening: the one sentence
    of a study that answers for all of them. told: each sentence in its pieces, with the numbers of its levels.
    """

    sentences: tuple[str, ...]
    answers: tuple[Answer, ...] = ()
    limits: tuple[str, ...] = ()
    figures: tuple[str, ...] = ()
    cells: tuple[tuple[str, ...], ...] = ()
    drawn: bool = True
    opening: str = ""
    told: tuple[Told, ...] = ()

    @property
    def pieces(self) -> tuple[Told, ...]:
        """Each sentence in its pieces; one that came without them as it stands."""
        own = self.told if len(self.told) == len(self.sentences) else map(Told, self.sentences)
        return tuple(told for told, sentence in zip(own, self.sentences, strict=True) if sentence)

    @property
    def shown(self) -> tuple[tuple[str, str, tuple[str, ...]], ...]:
        """Each sentence with its figure's name and its cells."""
        told = zip_longest(self.sentences, self.figures, self.cells)
        return tuple((sentence, figure or "", cells or ()) for sentence, figure, cells in told if sentence)

    @property
    def claimed(self) -> str:
        """The name of the figure that shows the first sentence's number, or nothing."""
        return self.figures[0] if self.figures else ""
