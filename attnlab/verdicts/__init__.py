"""What an experiment concludes from its tidy table: claims, the numbers they state and the words they use."""

from attnlab.verdicts.answers import QUESTIONS, Answer, Question, Verdict
from attnlab.verdicts.bracket import Average, Bracket, Number, ends_of, is_open
from attnlab.verdicts.claim import Claim, stated
from attnlab.verdicts.facts import (
    beyond,
    by_symmetry,
    determined,
    everywhere,
    have_rivals,
    holds,
    no_second_query,
    not_everywhere,
    of_no_query,
    of_queries,
)
from attnlab.verdicts.finding import Finding
from attnlab.verdicts.pooling import agreement, bracket, interval, pooled, rows, with_law
from attnlab.verdicts.remark import Remark
from attnlab.verdicts.scene import (
    best,
    each,
    having,
    lacking,
    named,
    rather,
    typical,
)
from attnlab.verdicts.second_query import AFTER_THE_SUM, ALONE, no_other_query, of_no_keys
from attnlab.verdicts.told import FROM_CERTAIN, Levels, Told, shared

__all__ = [
    "AFTER_THE_SUM",
    "ALONE",
    "FROM_CERTAIN",
    "QUESTIONS",
    "Answer",
    "Average",
    "Bracket",
    "Claim",
    "Finding",
    "Levels",
    "Number",
    "Question",
    "Remark",
    "Told",
    "Verdict",
    "agreement",
    "best",
    "beyond",
    "bracket",
    "by_symmetry",
    "determined",
    "each",
    "ends_of",
    "everywhere",
    "have_rivals",
    "having",
    "holds",
    "interval",
    "is_open",
    "lacking",
    "named",
    "no_other_query",
    "no_second_query",
    "not_everywhere",
    "of_no_keys",
    "of_no_query",
    "of_queries",
    "pooled",
    "rather",
    "rows",
    "shared",
    "stated",
    "typical",
    "with_law",
]
