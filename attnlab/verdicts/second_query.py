"""Q3 in the words of every study: whether other softmax weights over the same keys have the output."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from attnlab.verdicts.claim import Claim
from attnlab.verdicts.facts import no_second_query, of_no_query, of_queries
from attnlab.verdicts.scene import Choice, each

AFTER_THE_SUM = ("channel", "decoder", "probe")
"""The parts that come after the sum: what Q1 to Q3 ask does not depend on them."""
ALONE = "no other softmax weights over the same keys give this output"


def no_other_query(*choices: Choice, but: Sequence[str] = (), **more: Any) -> tuple[Claim, Claim]:
    """The claims on the Q3 bracket: where some query gives the weights, and where none does in some trials.

    choices: which rows they are about; but: settings that make no difference, besides what comes after the sum;
    more: further fields of the two claims. Only the first answers Q3: weights that no query gives have no query
    that could be the only one.
    """
    told: dict[str, Any] = {"but": (*AFTER_THE_SUM, *but), **more}
    answers = {
        "metric": "q3",
        "says": f"With keys and values known, {ALONE},",
        "theorem": _always,
        "question": "Q3",
        "counts": "no other softmax weights over the same keys give that output",
    }
    others = {
        "metric": "q3_lost",
        "says": "The given weights are not all softmax weights of the keys, and softmax weights that differ from "
        "them give the same output, certainly,",
    }
    return (
        Claim(**{**answers, **told, "only": each(*choices, of_queries)}),
        Claim(**{**told, **others, "only": each(*choices, of_no_query)}),
    )


def _always(rows: pd.DataFrame) -> str:
    why = no_second_query(rows)
    return f"always, by theorem: {why}" if why else ""
