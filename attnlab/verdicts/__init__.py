"""What an experiment concludes from its tidy table: claims, the numbers they state and the words they use."""

from attnlab.verdicts.answers import QUESTIONS, Answer, Question, Verdict
from attnlab.verdicts.bracket import Average, Bracket, Number
from attnlab.verdicts.pooling import bracket, interval, pooled, rows

__all__ = [
    "QUESTIONS",
    "Answer",
    "Average",
    "Bracket",
    "Number",
    "Question",
    "Verdict",
    "bracket",
    "interval",
    "pooled",
    "rows",
]
