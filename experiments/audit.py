"""Audit: which cells of an attention map does the output determine?

People paint attention maps and read them as facts. For every row of real heads the largest weight is held
against all weights on the simplex that give the same output: is it the largest in all of them (certain), could it
be zero, how far can it move? Beside it stand effective attention, what decoders that know the values recover, and
what other ways to say where a row looks would name.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from attnlab.audit import DECODERS, FORMATS, audited, shown
from attnlab.audit.over_heads import FEWEST, HEADS, LEAST, MOST, over_heads
from attnlab.inputs.head import Head
from attnlab.inputs.heads import Heads
from attnlab.inputs.recorded import Recorded
from attnlab.intervals import NONNEGATIVE, SHARE, UNIT, Measure
from attnlab.parts import Count, Declined
from attnlab.seeds import Streams
from attnlab.shapes import GROUP, Row
from attnlab.tidy import FEW_VISIBLE
from attnlab.verdicts import Claim, Remark, Verdict, pooled, rows, stated

VERSION = 8
SHOWN = 64
"""Rows of a head up to which its map is shown whole."""
DISTANCE_OF = {False: UNIT, True: NONNEGATIVE}
"""What a total variation can be, by whether one side may have negative weights."""
MEASURES = {
    **dict.fromkeys((FEW_VISIBLE, "certified", "shared_value"), SHARE),
    **dict.fromkeys(("could_vanish", "effective_top1"), SHARE.sometimes),
    **{f"{name}_top1": SHARE.sometimes for name in DECODERS},
    **{f"{name}_variation": DISTANCE_OF[decoder.signed].sometimes for name, decoder in DECODERS.items()},
    **dict.fromkeys(("q3_kept", "q3_lost", "q3_flip"), SHARE.sometimes),
    **dict.fromkeys(("softmax_c", "softmax_bound"), UNIT.sometimes),
    **{f"{format}_certified": SHARE.sometimes for format in FORMATS},
    **{f"{format}_width": UNIT.sometimes for format in FORMATS},
    **dict.fromkeys(("norm_top1", "contribution_top1", "first_top", "special_top"), SHARE.sometimes),
    **dict.fromkeys(("top_weight", "tail_mass"), UNIT),
    "top_width": UNIT.sometimes,
    **dict.fromkeys(("null_dimension", "distinct", "negative_mass"), NONNEGATIVE),
    **dict.fromkeys(("gap_digits", "condition_digits"), NONNEGATIVE.sometimes),
    "effective_correlation": Measure(-1.0, 1.0, absent=True),
    "largest_c": Measure(0.5, 1.0, absent=True),
}


def trial(inputs: Recorded, decoded: Count, searched: Count, rng: Streams) -> Row:
    """Every row of every chosen head; rows of heads that share their values share a group. Nothing is drawn.

    decoded, searched: how many rows of a head, evenly spread over it, decoders are asked of, and second queries
    and rounded outputs, which are dearer; the others have no value there.
    """
    if rng.repeat:
        raise Declined("an audit draws nothing, so another repeat would count the same rows again: repeats=1")
    found = [(head.group, audited(head, decoded, searched)) for head in _chosen(inputs)]
    if not found:
        raise Declined(inputs.heads.nothing_seen)
    rows = {name: np.concatenate([np.asarray(row[name]) for _, row in found]) for name in found[0][1]}
    group = [np.full(len(row[FEW_VISIBLE]), group, dtype=np.int64) for group, row in found]
    return {GROUP: np.concatenate(group), **rows}


def exhibit(inputs: Recorded) -> list[dict[str, Any]]:
    """The attention maps of the chosen heads, with the interval of every weight."""
    return [{**shown(head, SHOWN), "hidden": len(inputs.heads.hidden(head.rows))} for head in _chosen(inputs)]


def _chosen(inputs: Recorded) -> Iterator[Head]:
    """The chosen heads with a row that sees something, one at a time."""
    heads = inputs.heads
    for layer, one in heads.each():
        if inputs.layer in (None, layer) and inputs.head in (None, one):
            try:
                head = _read(heads, layer, one)
            except ValueError as error:
                place = f"{heads.place(layer, one)}: "
                if None in (inputs.layer, inputs.head):
                    raise
                # The cell says which head it is: cells that share a reason are told once.
                raise ValueError(f"{heads.source}: {str(error).removeprefix(place)}") from None
            if len(head.rows):
                yield head


@functools.lru_cache(maxsize=1)  # a cell of one head reads it for its numbers and for its map
def _read(heads: Heads, layer: int, head: int) -> Head:
    return heads.head(layer, head)


def verdict(table: pd.DataFrame) -> Verdict:
    """What the maps of these heads may be read for."""
    pooled_rows = over_heads(table, MEASURES)
    told = stated(
        pooled_rows,
        (Remark(lambda _: _over_all(table), "overview"), *CLAIMS),
        (
            "What is possible is over all weights on the simplex that give the same output of the head; who also "
            "knows the keys, and that the weights are a softmax of them, may know more.",
            "The intervals take heads as independent draws, heads that share their values as one, and there are "
            f"none below {FEWEST} of them; what another text would give is not in them.",
            "A certain weight is determined by the head's output; what later layers make of it is another matter.",
            *_tied(table),
            *_asked(pooled_rows),
        ),
    )
    return dataclasses.replace(told, cells=())  # its numbers are of many cells each


def _tied(table: pd.DataFrame) -> list[str]:
    """That some rows have no position on top, where there are any."""
    shares = [rows(table, metric) for metric in ("certified", "could_vanish")]
    every, topped = (int(share["count"].sum()) for share in shares)
    if every == topped:
        return []
    return [
        f"In {every - topped:,} of {every:,} rows the largest weight is tied: no position is on top there, "
        "none is certain, and nobody is asked to name one."
    ]


def _asked(table: pd.DataFrame) -> list[str]:
    """Of how many rows the dearer questions were asked."""
    found = {name: table[name].max() for name in ("decoded", "searched") if name in table and len(table)}
    if len(found) < 2:
        return []
    return [
        f"Of each head at most {found['decoded']:.0f} rows, evenly spread, were put to the decoders, and at most "
        f"{found['searched']:.0f} to the search for second queries and to rounding (decoded=, searched=)."
    ]


SHARES = {
    "certified": "the output makes the most-attended position certain in {}",
    "could_vanish": "that position could have had no weight at all in {}",
    "max_entropy_top1": "the pattern of the largest entropy names it in {}",
}
"""What is said of all rows of a model, by metric."""


def _over_all(table: pd.DataFrame) -> list[str]:
    """The shares over all rows of all heads that were measured, a sentence for each model and length."""
    told = []
    found = over_heads(table, MEASURES, each_layer=False)
    for _, own in found.groupby(["inputs:model", "inputs.n"], sort=True) if "inputs:model" in found else ():
        one = {metric: rows(own, metric).head(1) for metric in SHARES}
        if not all(len(row) for row in one.values()):
            continue
        certain = one["certified"].iloc[0]
        count, heads = int(certain["count"]), int(certain[HEADS])
        shares = []
        for metric, words in SHARES.items():
            asked = int(one[metric]["count"].iloc[0])
            part = f" (of the {asked:,} rows it was asked of)" if asked < count else ""
            shares.append(words.format(pooled(one[metric]).percent + part))
        every = f"{count:,} rows" if count > 1 else "the one row"  # those that see a position
        of = f"{every} in {heads} head{'s' * (heads > 1)} of {certain['inputs:model']}"
        told.append(f"Of {of}: {'; '.join(shares)}.")
    return told


def _single(rows: pd.DataFrame) -> str:
    """The range over single heads, where a number is over several."""
    low, high = rows[LEAST].min(), rows[MOST].max()
    several = rows[HEADS].max() > 1
    unit, form = (100, ".1f") if rows["kind"].iloc[0] == "rate" else (1, ".3f")
    told = f"{unit * low:{form}} to {unit * high:{form}}{' %' * (unit == 100)}"
    return f"Single heads: {told}." if several and low < high else ""


def _claim(metric: str, says: str, **more: Any) -> Claim:
    """A claim about rows, a number a layer."""
    of = {"form": "in {} of rows", "over": "inputs.layer", "tail": _single}
    return Claim(metric=metric, says=says, **{**of, **more})


CLAIMS: tuple[Claim, ...] = (
    _claim(
        "certified",
        "The output makes the most-attended position of a row certain",
        figure="overview",
        question="Q2",
        counts="all weights on the simplex with that output have the same top position",
    ),
    _claim(
        "could_vanish",
        "The position that a map shows on top could have had no weight at all",
        figure="vanish",
    ),
    _claim(
        "top_width",
        "The weight on top can be anything in an interval of mean width",
        form="{}",
        unit="plain",
        figure="width",
    ),
    _claim(
        "q3",
        "No other query over the same keys gives the output",
        form="in {}",
        question="Q3",
        counts="no other softmax weights over the same keys have that output",
    ),
    _claim("q3_flip", "Another query certainly gives the output and puts another position on top"),
    _claim(
        "bfloat16_certified",
        "The most-attended position is still certain once the output is rounded to bfloat16",
        beside={"bfloat16_width": "the top weight's interval is then {!s} wide on average"},
    ),
    _claim(
        "largest_c",
        "The largest c that either of a row's two largest weights can be at one output is on average",
        form="{}",
        unit="plain",
        limit="A c of 1/2 is no collision: one pattern has half on either.",
    ),
    _claim(
        "softmax_bound",
        "Two queries over the same keys reach no larger c, on average, than",
        form="{}",
        unit="plain",
        beside={"softmax_c": "found by a search, with 0 where it found none: {!s}"},
    ),
    _claim(
        "max_entropy_top1",
        "With the values known, the pattern of the largest entropy names the top position",
    ),
    _claim("effective_top1", "Effective attention has the same top position"),
    _claim("norm_top1", "The largest product of weight and length of the value stands on the largest weight"),
    _claim("special_top", "The top position is a special token"),
)
