"""Audit: which cells of an attention map does the output determine?

People paint attention maps and read them as facts. For every row of real heads the largest weight is held
against all weights on the simplex that give the same output: is it the largest in all of them (certain), could it
be zero, how far can it move? Beside it stand effective attention, what decoders that know the values recover, and
what other ways to say where a row looks would name.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from attnlab.audit import DECODERS, FORMATS, audited, shown
from attnlab.inputs.head import Head
from attnlab.inputs.heads import Heads
from attnlab.inputs.recorded import Recorded
from attnlab.intervals import NONNEGATIVE, SHARE, UNIT, Measure
from attnlab.parts import Count, Declined
from attnlab.seeds import Streams
from attnlab.shapes import GROUP, Row
from attnlab.tidy import FEW_VISIBLE
from attnlab.verdicts import Claim, Remark, Verdict, rows, stated

VERSION = 2
MOST = 64
"""Rows of a head up to which its map is shown whole."""
DISTANCE_OF = {False: UNIT, True: NONNEGATIVE}
"""What a total variation can be, by whether one side may have negative weights."""
MEASURES = {
    **dict.fromkeys((FEW_VISIBLE, "certified", "could_vanish", "shared_value", "effective_top1"), SHARE),
    **{f"{name}_top1": SHARE.sometimes for name in DECODERS},
    **{f"{name}_variation": DISTANCE_OF[decoder.signed].sometimes for name, decoder in DECODERS.items()},
    **dict.fromkeys(("q3_kept", "q3_lost", "q3_flip"), SHARE.sometimes),
    **dict.fromkeys(("softmax_c", "softmax_bound"), UNIT.sometimes),
    **{f"{format}_certified": SHARE.sometimes for format in FORMATS},
    **{f"{format}_width": UNIT.sometimes for format in FORMATS},
    **dict.fromkeys(("norm_top1", "contribution_top1", "first_top"), SHARE),
    "special_top": SHARE.sometimes,
    **dict.fromkeys(("top_weight", "top_width", "tail_mass"), UNIT),
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
        raise Declined(f"{inputs.chosen} of {inputs.heads.source}: no row sees a position")
    rows = {name: np.concatenate([np.asarray(row[name]) for _, row in found]) for name in found[0][1]}
    group = [np.full(len(row[FEW_VISIBLE]), group, dtype=np.int64) for group, row in found]
    return {GROUP: np.concatenate(group), **rows}


def exhibit(inputs: Recorded) -> list[dict[str, Any]]:
    """The attention maps of the chosen heads, with the interval of every weight."""
    return [shown(head, MOST) for head in _chosen(inputs)]


def _chosen(inputs: Recorded) -> Iterator[Head]:
    """The chosen heads with a row that sees something, one at a time."""
    heads = inputs.heads
    for layer, one in heads.each():
        if inputs.layer in (None, layer) and inputs.head in (None, one):
            head = _read(heads, layer, one)
            if len(head.rows):
                yield head


@functools.lru_cache(maxsize=1)  # a cell of one head reads it for its numbers and for its map
def _read(heads: Heads, layer: int, head: int) -> Head:
    return heads.head(layer, head)


def verdict(table: pd.DataFrame) -> Verdict:
    """What the maps of these heads may be read for."""
    return stated(
        table,
        CLAIMS,
        (
            "What is possible is over all weights on the simplex that give the same output of the head; who also "
            "knows the keys, and that the weights are a softmax of them, may know more.",
            "Heads are those of one file or text: what another text would give is not in the intervals.",
            "A certain weight is determined by the head's output; what later layers make of it is another matter.",
        ),
    )


SHARES = {
    "certified": "the output makes the most-attended position certain in {}",
    "could_vanish": "that position could have had no weight at all in {}",
    "max_entropy_top1": "who knows the values, and takes the pattern of the largest entropy, names it in {}",
}
"""What is said of all rows of a model, by metric."""


def _over_all(table: pd.DataFrame) -> list[str]:
    """The shares over all rows of all heads that were measured, a sentence for each model."""
    told = []
    for model, own in table.groupby("inputs:model", sort=True) if "inputs:model" in table else ():
        found = {metric: rows(own, metric) for metric in SHARES}
        counts = {metric: cells["count"].sum() for metric, cells in found.items()}
        if not all(counts.values()):
            continue
        shares = [
            words.format(
                f"{100 * (found[metric]['value'] * found[metric]['count']).sum() / counts[metric]:.1f} %"
            )
            for metric, words in SHARES.items()
        ]
        heads = found["certified"]["key"].nunique()
        of = f"all {int(counts['certified']):,} rows in {heads} head{'s' * (heads > 1)} of {model}"
        told.append(f"Of {of}: {'; '.join(shares)}.")
    return told


CERTAIN = "The output makes the most-attended position of a row certain"
CLAIMS: tuple[Claim | Remark, ...] = (
    Remark(_over_all, "overview"),
    Claim(
        metric="certified",
        says=CERTAIN,
        over="inputs.layer",
        spread=True,
        figure="overview",
        question="Q2",
        counts="all weights on the simplex with that output have the same top position",
    ),
    Claim(
        metric="could_vanish",
        says="The position that a map shows on top could have had no weight at all",
        over="inputs.layer",
        spread=True,
        figure="vanish",
    ),
    Claim(
        metric="top_width",
        says="The weight on top can be anything in an interval of mean width",
        form="{}",
        unit="plain",
        over="inputs.layer",
        spread=True,
        figure="width",
    ),
    Claim(
        metric="max_entropy_top1",
        says="Someone who knows the values, and takes the pattern of the largest entropy, names the top position",
        over="inputs.layer",
        spread=True,
    ),
    Claim(
        metric="effective_top1",
        says="Effective attention has the same top position",
        over="inputs.layer",
        spread=True,
    ),
    Claim(
        metric="norm_top1",
        says="The largest a_i |v_i| stands on the largest weight",
        over="inputs.layer",
        spread=True,
    ),
    Claim(
        metric="special_top",
        says="The top position is a special token",
        over="inputs.layer",
        spread=True,
    ),
)
