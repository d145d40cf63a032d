"""One attention head, row by row: what its output determines of its attention map, and what it does not.

The rows of a head share their values, so what depends on these alone is worked out once: certificates first, then
the interval of the top weight, all positions only where they are asked for.
"""

from __future__ import annotations

import dataclasses
import functools
import re

import numpy as np

from attnlab import metrics
from attnlab.arrays import EPS, Array, Mask, lengths
from attnlab.audit.asked import by_decoders, by_queries, by_rounding, chosen, chunks, two_largest
from attnlab.identifiability import effective_attention, fibre_intervals, nullity, top_certified
from attnlab.inputs.head import Head, Rows
from attnlab.shapes import Row
from attnlab.solvers.copies import merged, without_copies
from attnlab.tidy import FEW_VISIBLE

ZERO = 1e-9
"""A weight this small may be none: the rounding of the linear programme."""
SPECIAL = re.compile(
    r"\[[A-Z]+\d*\]|</?s>|<(bos|eos|pad|unk|mask|cls|sep)>|<[a-z]+(_[a-z0-9]+)+>|<\|[^|]*\|>"
)
"""Tokens that stand for no word: [CLS], [SEP], <s>, <bos>, <start_of_turn>, <|endoftext|>; no tag of a page."""


def audited(head: Head, decoded: int, searched: int) -> Row:
    """What the output of each row determines: one number a row (r,), by the names that the experiment declares.

    Certificates and intervals are over all weights on the simplex with the row's output; values that are equal at
    the precision they came in are equal. decoded, searched: how many rows, evenly spread, decoders are asked of,
    and second queries and rounded outputs; the others are NaN there. Where the largest weight is tied no position
    is on top: what the one on top could be, what it is and who names it are NaN.
    """
    head = trimmed(head)
    a, values, seen = head.weights, head.values, head.mask
    bounds, tied = top_bounds(head), tied_tops(head)
    verdict = top_certified(a, values, seen, precision=head.precision)
    found = {
        FEW_VISIBLE: metrics.few_visible(seen, values.shape[1]),
        "certified": verdict.certified,
        "could_vanish": bounds[:, 0] <= ZERO,
        "top_weight": a.max(axis=1),
        "top_width": bounds[:, 1] - bounds[:, 0],
        "tail_mass": metrics.tail_mass(a, (values.shape[1] + 1) // 2),
        **_by_values(head),
        **_by_effective(head),
        **by_decoders(head, chosen(head, decoded)),
        **by_queries(head, chosen(head, searched)),
        **by_rounding(head, chosen(head, searched)),
        **_by_tops(head),
        "largest_c": largest_c(head),
    }
    return {name: np.where(tied, np.nan, one) if _of_the_top(name) else one for name, one in found.items()}


def _of_the_top(name: str) -> bool:
    """Whether a metric is of the one position on top: it has no value where there is none."""
    return name in ("could_vanish", "top_width", "first_top", "special_top") or name.endswith("_top1")


@functools.lru_cache(maxsize=1)  # one object, so that what is found of it is found once
def trimmed(head: Head) -> Head:
    """The head without positions that no row sees: a padded text is the text alone, to the last digit."""
    seen = head.mask.any(axis=0)
    if seen.all():
        return head
    return dataclasses.replace(
        head,
        weights=head.weights[:, seen],
        values=head.values[seen],
        mask=head.mask[:, seen],
        keys=None if head.keys is None else head.keys[seen],
        tokens=None if head.tokens is None else tuple(np.array(head.tokens, dtype=object)[seen]),
    )


def tied_tops(head: Head) -> Mask:
    """Rows (r,) whose largest weight another position has as well, within `metrics.TIE`."""
    return np.asarray(metrics.largest(head.weights).sum(axis=1) > 1)


@functools.lru_cache(maxsize=1)  # the dearest of a long head: its numbers and its map both ask for it
def top_bounds(head: Head) -> Array:
    """The least and the largest that each row's top weight can be, (r, 2)."""
    return fibre_intervals(head.weights, head.values, head.mask, positions="top", precision=head.precision)[
        :, 0
    ]


def same_values(head: Head) -> Rows:
    """(n,): positions with one value, at the precision it came in, have one number."""
    return _numbered(merged(head.values[None], EPS[head.precision])[0])


def _numbered(values: Array) -> Rows:
    return np.unique(values, axis=0, return_inverse=True)[1].reshape(-1)


def _by_values(head: Head) -> Row:
    """Of the visible values: null dimension, how clear the rank is, how many are distinct, their conditioning."""
    masks, place = np.unique(head.mask, axis=0, return_inverse=True)
    place, same = place.reshape(-1), np.empty(masks.shape, dtype=np.int64)
    for rows, values in without_copies(head.values[None], EPS[head.precision], masks):
        same[rows] = _numbered(values[0])
    found = nullity(head.values, masks, precision=head.precision)
    with np.errstate(divide="ignore"):
        digits = np.log10(found.affine_gap)
    apart = [len(np.unique(own[mask])) for own, mask in zip(same, masks, strict=True)]
    shape = [
        _condition(head.values[mask], rank - 1) for mask, rank in zip(masks, found.affine_rank, strict=True)
    ]
    top = head.weights.argmax(axis=1)
    seen = same[place]
    others = (seen == np.take_along_axis(seen, top[:, None], axis=1)) & head.mask
    return {
        "null_dimension": found.affine_null.astype(np.float64)[place],
        "gap_digits": np.where(np.isfinite(digits), digits, np.nan)[place],
        "distinct": np.array(apart, dtype=np.float64)[place],
        "condition_digits": np.array(shape)[place],
        "shared_value": others.sum(axis=1) > 1,
    }


def _condition(values: Array, rank: int) -> float:
    """Decimal digits lost to the shape of the values about their mean; NaN for a single point."""
    if rank < 1:
        return float("nan")
    sizes = np.linalg.svd(values - values.mean(axis=0), compute_uv=False)
    return float(np.log10(sizes[0] / sizes[rank - 1]))


def _by_effective(head: Head) -> Row:
    """Effective attention (Brunner et al. 2020, with the sum counted) beside the raw weights."""
    effective = effective_attention(head.weights, head.values, head.mask, precision=head.precision)
    return {
        "effective_correlation": metrics.correlation(head.weights, effective, head.mask),
        "effective_top1": metrics.top1(head.weights, np.where(head.mask, effective, -np.inf)),
        "negative_mass": metrics.negative_mass(effective),
    }


def _by_tops(head: Head) -> Row:
    """Whether other ways to say what a row looks at agree with its largest weight; and what that is."""
    a, values = head.weights, head.values
    outputs = a @ values
    size = lengths(outputs)
    along = (outputs / np.where(size > 0, size, 1.0)[:, None]) @ values.T
    top = a.argmax(axis=1)
    known: Row = {
        "norm_top1": metrics.top1(a, a * lengths(values)),
        "contribution_top1": metrics.top1(a, np.where(head.mask, a * along, -np.inf)),
        "first_top": top == 0,
        "special_top": np.full(len(a), np.nan),
    }
    if head.tokens is None:
        return known
    special = np.array([SPECIAL.fullmatch(word) is not None for word in head.tokens])
    return {**known, "special_top": special[top].astype(np.float64)}


def largest_c(head: Head) -> Array:
    """The largest c such that either of the two largest weights can be c at one output; NaN where none is second.

    `c* = 2 / (2 + L)`, for any weights on the simplex (`attnlab.solvers.exchange`).
    """
    from attnlab.solvers.exchange import exchange  # compiled: imported when first used

    found = np.full(len(head.rows), np.nan)
    several = np.flatnonzero(head.mask.sum(axis=1) > 1)
    if not len(several):
        return found
    order = two_largest(head, np.arange(len(found)))
    # Rows that see the same and have the same two on top share the answer.
    told = np.concatenate([order[several], head.mask[several]], axis=1)
    _, first, place = np.unique(told, axis=0, return_index=True, return_inverse=True)
    c = np.full(len(first), np.nan)
    for some, sample in chunks(head, several[first]):
        solved = exchange(sample.values, sample.mask, *order[some].T)
        c[np.isin(several[first], some)] = solved.largest_c
    found[several] = c[place.reshape(-1)]
    return found
