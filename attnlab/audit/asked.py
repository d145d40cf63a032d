"""What is asked of some rows of a head alone, since it is dear: decoders, second queries, rounded outputs.

The rows asked are spread evenly over the head; the others have no value there, NaN.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from attnlab import metrics
from attnlab.arrays import EPS, Array
from attnlab.decoders.base import Decoder
from attnlab.decoders.least_squares import LeastSquares
from attnlab.decoders.max_entropy import MaxEntropy
from attnlab.decoders.nearest_value import NearestValue
from attnlab.decoders.simplex import Simplex
from attnlab.decoders.softmax_inverse import SoftmaxInverse
from attnlab.identifiability import softmax_rivals, softmax_scenario
from attnlab.inputs.head import Head, Rows, softmax_rows
from attnlab.parts import Declined
from attnlab.shapes import Row, Sample
from attnlab.solvers.formats import Format
from attnlab.solvers.rounded import rounded_top

CHUNK = 2**22
"""Numbers of the values of rows that are worked on at once (32 MB)."""
DECODERS: Mapping[str, Decoder] = {
    "max_entropy": MaxEntropy(),
    "simplex": Simplex(),
    "nearest_value": NearestValue(),
    "least_squares": LeastSquares(),
    "softmax_inverse": SoftmaxInverse(),
}
"""The observers, by the names of their metrics. Of a head without keys, those that know them have no value."""
FORMATS: tuple[Format, ...] = ("bfloat16", "float16")
"""What outputs are rounded to."""
QUERIES = ("q3_kept", "q3_lost", "q3_flip")
"""Of what `softmax_rivals` knows."""


def chosen(head: Head, most: int) -> Rows:
    """At most so many rows of a head, evenly spread, by their places in it."""
    return np.unique(np.linspace(0, len(head.rows) - 1, min(most, len(head.rows))).astype(np.int64))


def by_decoders(head: Head, rows: Rows) -> Row:
    """Whether each decoder names the top from the output, and how far its weights are from those shown."""
    names = [f"{name}_{what}" for name in DECODERS for what in ("top1", "variation")]
    found = {name: np.full(len(head.rows), np.nan) for name in names}
    for some, sample in chunks(head, rows):
        a = head.weights[some]
        for name, decoder in DECODERS.items():
            try:
                estimate = decoder(a @ head.values, sample).weights
            except Declined:  # it knows the keys, and these are weights and values alone
                continue
            named = estimate if not decoder.signed else np.where(sample.mask, estimate, -np.inf)
            found[f"{name}_top1"][some] = metrics.top1(a, named)
            found[f"{name}_variation"][some] = metrics.total_variation(a, estimate)
    return found


def chunks(head: Head, rows: Rows) -> Iterator[tuple[Rows, Sample]]:
    """These rows, by their places in the head, a bounded number at a time, as attention problems."""
    n, d = head.values.shape
    keys = np.zeros((n, 0)) if head.keys is None else head.keys
    step = max(1, CHUNK // (n * (d + keys.shape[1])))
    for first in range(0, len(rows), step):
        some = rows[first : first + step]
        shared = (len(some), n)
        v, k = (np.broadcast_to(array, (*shared, array.shape[1])) for array in (head.values, keys))
        none = np.zeros((len(some), keys.shape[1]))
        yield some, Sample(none, k, v, mask=head.mask[some], spacing=EPS[head.precision])


def by_queries(head: Head, rows: Rows) -> Row:
    """Is the query the only one with its output, and how much could two put on either of the two largest weights?

    The bracket of `softmax_rivals`, and that of `softmax_scenario` for the positions of the two largest weights:
    from the c of two confirmed queries to what no two exceed. NaN for a head without queries and keys, and the
    scenario of a row that sees one position.
    """
    names = (*QUERIES, "softmax_c", "softmax_bound")
    found = {name: np.full(len(head.rows), np.nan) for name in names}
    if head.queries is None or head.keys is None:
        return found
    a = softmax_rows(head.scale, head.queries[rows], head.keys, head.mask[rows])
    known = softmax_rivals(a, head.values, head.keys, head.mask[rows]).metrics
    for name in QUERIES:
        found[name][rows] = known[name]
    rows = rows[head.mask[rows].sum(axis=1) > 1]
    if len(rows):
        first, second = two_largest(head, rows).T
        scenario = softmax_scenario(first, second, head.values, head.keys, head.mask[rows])
        found["softmax_c"][rows], found["softmax_bound"][rows] = scenario.found, scenario.bound
    return found


def two_largest(head: Head, rows: Rows) -> Rows:
    """The positions of the two largest weights that are visible, (len(rows), 2)."""
    order = np.argsort(-np.where(head.mask[rows], head.weights[rows], -1.0), axis=1, kind="stable")
    return np.asarray(order[:, :2])


def by_rounding(head: Head, rows: Rows) -> Row:
    """The top over all weights whose output rounds to the same numbers: its interval, and whether it stays.

    The outputs that round to the same in a format are a box, and weights with an output in it are told apart by
    nobody who reads that format (`attnlab.solvers.rounded`): a width a format, and a share of rows whose top is
    certainly the same in all of them. NaN where an output is beyond the format.
    """
    found: dict[str, Array] = {}
    for format in FORMATS:
        width, certified = np.full(len(head.rows), np.nan), np.full(len(head.rows), np.nan)
        for row in rows:
            seen = head.mask[row]
            top = rounded_top(head.weights[row, seen], head.values[seen], format)
            if top is not None:
                width[row], certified[row] = top.high - top.low, float(top.certified)
        found |= {f"{format}_width": width, f"{format}_certified": certified}
    return found
