"""Q3 in the words of every study: whether other softmax weights over the same keys have the output."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from attnlab.verdicts.claim import Claim
from attnlab.verdicts.facts import no_second_query, of_no_query, of_queries
from attnlab.verdicts.scene import Choice, each, having

AFTER_THE_SUM = ("channel", "decoder", "probe")
"""The parts that come after the sum: what Q1 to Q3 ask does not depend on them."""
ALONE = "no other softmax weights over the same keys give this output"
NONE = (
    "Not in every trial does a query give the weights{zeros}; other softmax weights over the same keys give the "
    "same output, certainly,"
)
ZEROS = " (softmax weights that underflow have zeros that no softmax has)"
POSITIVE = having("weights:positive")


def no_other_query(*choices: Choice, but: Sequence[str] = (), **more: Any) -> tuple[Claim, ...]:
    """The claims on the Q3 bracket: where some query gives the weights, and where none does in some trials.

    choices: which rows they are about; but: settings that make no difference, besides what comes after the sum;
    more: further fields of these claims. Only the first answers Q3: weights that no query gives have no query
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
    others = {**told, "metric": "q3_lost"}
    return (
        Claim(**{**answers, **told, "only": each(*choices, of_queries)}),
        Claim(**others, says=NONE.format(zeros=ZEROS), only=each(*choices, of_no_query, POSITIVE)),
        Claim(**others, says=NONE.format(zeros=""), only=each(*choices, of_no_query, _sparse)),
    )


def of_no_keys(table: pd.DataFrame) -> tuple[str, ...]:
    """The limit that some inputs have no keys, which Q3 is about, where it is so."""
    lacking = "inputs.e" in table and bool((table["inputs.e"] == 0).any())
    return ("Q3 needs the keys: of inputs of weights and values alone it is not asked.",) * lacking


def _sparse(table: pd.DataFrame) -> pd.DataFrame:
    """The rows whose weights are not declared to be on every position."""
    return table.drop(POSITIVE(table).index)


def _always(rows: pd.DataFrame) -> str:
    why = no_second_query(rows)
    return f"always, by theorem: {why}" if why else ""
