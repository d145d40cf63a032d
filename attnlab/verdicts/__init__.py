"""What an experiment concludes from its tidy table: claims, the numbers they state and the words they use."""

from attnlab.verdicts.answers import QUESTIONS, Answer, Question, Verdict
from attnlab.verdicts.bracket import Average, Bracket, Number
from attnlab.verdicts.claim import Claim, Finding, stated
from attnlab.verdicts.pooling import agreement, bracket, interval, pooled, rows
from attnlab.verdicts.remark import Remark
from attnlab.verdicts.scene import (
    best,
    beyond,
    by_symmetry,
    each,
    having,
    holds,
    lacking,
    named,
    rather,
    typical,
)

__all__ = [
    "QUESTIONS",
    "Answer",
    "Average",
    "Bracket",
    "Claim",
    "Finding",
    "Number",
    "Question",
    "Remark",
    "Verdict",
    "agreement",
    "best",
    "beyond",
    "bracket",
    "by_symmetry",
    "each",
    "having",
    "holds",
    "interval",
    "lacking",
    "named",
    "pooled",
    "rather",
    "rows",
    "stated",
    "typical",
]
