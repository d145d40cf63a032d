"""Alignment: knowing keys and values, when do two queries give the same output?

Keys tied to the values, `V = sqrt(1 - l) K M + sqrt(l) Z` with as many value as key dimensions: at l = 0 the
output determines the softmax weights at every n (a theorem), at l = 1 keys and values know nothing of each other.
In between, and for other inputs, how often is there certainly another query with the same output? And how much of
that does a search find, from how many starts, beside what no search can miss: the degree, and an estimate of
the exact mean number of rivals.
"""

from __future__ import annotations

from math import comb
from typing import Any

import numpy as np
import pandas as pd

from attnlab import metrics
from attnlab.attention import output
from attnlab.identifiability import (
    lost_by_degree,
    query_degree,
    same_order_type,
    softmax_inverse,
    softmax_rivals,
)
from attnlab.inputs.base import Inputs
from attnlab.intervals import BITS, NONNEGATIVE, SHARE, Measure
from attnlab.parts import Count
from attnlab.seeds import Streams
from attnlab.shapes import GROUP, VISIBLE, Array, Mask, Row, Sample
from attnlab.theory.rivals import estimated_rivals
from attnlab.tidy import OF_KEYS
from attnlab.verdicts import (
    Claim,
    Verdict,
    each,
    no_other_query,
    no_second_query,
    of_queries,
    rows,
    stated,
)
from attnlab.verdicts.scene import Choice
from attnlab.weights.base import Weights

VERSION = 10
AFTER = (4, 16, 64, 256)
"""Starts after which the search is looked at."""
MEASURES = {
    "entropy_bits": BITS,
    "starts": NONNEGATIVE,
    **dict.fromkeys(("rivals", "expected_rivals"), NONNEGATIVE.sometimes),
    **dict.fromkeys(("q3_kept", "q3_lost", "q3_lost_by_search", "q3_lost_by_degree", "q3_flip"), SHARE),
    **dict.fromkeys((OF_KEYS, "collides", "argmax_flip", "degree"), SHARE),
    **dict.fromkeys((f"{how}_by_{starts}" for how in ("found", "lost") for starts in AFTER), SHARE),
    **dict.fromkeys(("same_order", "complete"), Measure(share=True, absent=True)),
}
SMALL = 4
"""Key dimensions up to which all queries are sought, and the law for their number is estimated."""
SUBSETS = 20_000
"""Simplices whose orientations are compared, at most."""
DRAWS = 1_000
"""Queries that the law's integral is estimated from, a trial: for the mean over trials, not for one of them."""


def trial(inputs: Inputs, weights: Weights, trials: Count, rng: Streams) -> Row:
    """One query per trial: whether another one has its output, certainly, and how that was found out.

    q3_*: the bracket of `softmax_rivals`. lost_by_s: lost for certain by the degree or a search from s starts;
    found_by_s: by the search alone; degree: by the degree alone. same_order: keys and values have one order type
    (NaN where that would take more than 20,000 simplices). Up to 4 key dimensions also the number of rivals
    found in 256 starts, whether their signs add up to the degree, and an estimate of their exact mean, for inputs
    where the law holds (NaN where fewer than e + 1 positions are visible: it is for keys that span e dimensions).
    Raises RuntimeError if a trial is kept by a theorem and lost by the degree: then something here is wrong.
    """
    sample = inputs(trials, rng("inputs"))
    a = weights(sample, rng("weights"))
    problem = (a, sample.values, sample.known_keys, sample.mask)
    certain = lost_by_degree(*problem)
    found = softmax_rivals(*problem, density=inputs.density and not weights.sees_values, degree=certain)
    if (found.kept & certain).any():
        raise RuntimeError(
            f"{int((found.kept & certain).sum())} of {trials} trials are kept by a theorem and lost"
        )
    after = {starts: found.by_search & (found.first_start <= starts) for starts in AFTER}
    return {
        GROUP: sample.draw,
        VISIBLE: sample.mask.sum(axis=1),
        **found.metrics,
        "collides": found.by_search,
        "argmax_flip": found.flip,
        "degree": certain,
        **{f"found_by_{starts}": mask for starts, mask in after.items()},
        **{f"lost_by_{starts}": mask | certain for starts, mask in after.items()},
        "same_order": _same_order(sample),
        **_counted(a, found.query, sample, inputs, apart=not weights.sees_values),
        "starts": np.full(trials, float(AFTER[-1])),
        "entropy_bits": metrics.entropy_bits(a),
    }


def _same_order(sample: Sample) -> Array | Mask:
    """(B,): whether keys and values have one order type, NaN where there are too many simplices to look at."""
    if comb(sample.n, sample.keys.shape[2] + 1) > SUBSETS:
        return np.full(sample.trials, np.nan)
    return same_order_type(sample.values, sample.keys, sample.mask, most=SUBSETS)


def _counted(weights: Array, queries: Array, sample: Sample, inputs: Inputs, apart: bool) -> Row:
    """Rivals found, whether the degree knows of no more, and their expected number; NaN where not asked.

    apart: the weights do not depend on the values, as the law takes it.
    """
    none = np.full(sample.trials, np.nan)
    if not (inputs.generic_values and inputs.d == inputs.e <= SMALL):
        return {"rivals": none, "complete": none, "expected_rivals": none}
    o = output(weights, sample.values)
    solutions = softmax_inverse(o, sample.values, sample.keys, sample.mask, starts=AFTER[-1])
    degree = query_degree(o, sample.values, sample.keys, sample.mask)
    given = np.isfinite(queries).all(axis=1)  # some query gives the weights
    lawful = given & (sample.mask.sum(axis=1) > inputs.e) & apart
    law = np.array(
        [
            estimated_rivals(query, keys[seen], draws=DRAWS).value if asked else np.nan
            for query, keys, seen, asked in zip(queries, sample.keys, sample.mask, lawful, strict=True)
        ]
    )
    return {
        "rivals": np.where(given, solutions.count - 1.0, np.nan),
        "complete": degree.decided & (solutions.signs.sum(axis=1) == degree.degree),
        "expected_rivals": law,
    }


def verdict(table: pd.DataFrame) -> Verdict:
    """The rate of softmax collisions, from tied to independent values or for other inputs."""
    return stated(
        table,
        CLAIMS,
        (
            "A search that finds nothing proves nothing: its rates are lower bounds, except where a theorem says "
            "zero.",
            "Every pair that counts agrees in 40 digits and has an exact solution next to it (Kantorovich); "
            "pairs too ill-conditioned for that are not counted.",
            "The observer knows the keys and the values exactly.",
        ),
    )


def _never(level: pd.DataFrame) -> str:
    why = no_second_query(level)
    return f"never, by theorem: {why}" if why else ""


def _noisy(table: pd.DataFrame) -> pd.DataFrame:
    """The cells whose inputs have a noise between keys and values."""
    return table[table["inputs.noise"].notna()] if "inputs.noise" in table else table.iloc[:0]


def _square(table: pd.DataFrame) -> pd.DataFrame:
    """The cells with as many value as key dimensions: there a degree may decide."""
    same = {"inputs.d", "inputs.e"} <= set(table.columns)
    return table[table["inputs.d"] == table["inputs.e"]] if same else table


def _oblong(table: pd.DataFrame) -> pd.DataFrame:
    return table.drop(_square(table).index)


def _most_lost(table: pd.DataFrame) -> pd.DataFrame:
    """The cells in which the search finds a second query most often."""
    found = rows(table, f"found_by_{AFTER[-1]}")
    most = found.loc[found["value"] == found["value"].max(), "key"]
    return table[table["key"].isin(most)] if "key" in table else table


def _noiseless(table: pd.DataFrame) -> pd.DataFrame:
    """All cells, where none has such a noise."""
    return table.iloc[:0] if len(_noisy(table)) else table


def _told(metric: str, says: str, only: Choice = of_queries, **more: Any) -> tuple[Claim, Claim]:
    """A claim by the noise between keys and values; where no inputs have one, by the kind of inputs."""
    told: dict[str, Any] = {"metric": metric, "says": says, **more}
    return (
        Claim(over="inputs.noise", only=each(_noisy, only), **told),
        Claim(over="inputs", only=each(_noiseless, only), **told),
    )


CLAIMS: tuple[Claim, ...] = (
    *no_other_query(_noisy, over="inputs.noise", figure="noise"),
    *no_other_query(_noiseless, over="inputs", figure="starts"),
    *_told(
        "collides",
        "A search finds a second query with the same output",
        theorem=_never,
        beside={"starts": "each searched from {!s} queries"},
        figure="starts",
    ),
    *_told(
        "argmax_flip",
        "A second query was found that has the same output and another most-attended position",
        theorem=_never,
        figure="noise",
    ),
    *_told(
        "same_order",
        "Without any search, one order type of keys and values makes the softmax weights certainly the only ones",
        least=("inputs.n",),
        figure="order",
    ),
    *_told(
        "degree",
        "Without any search, the degree makes another query certain",
        each(of_queries, _square),
        theorem=_never,
        figure="starts",
    ),
    *_told(
        "degree",
        "Without any search, the degree or a regular Jacobian makes another query certain",
        each(of_queries, _oblong),
        theorem=_never,
        figure="starts",
    ),
    Claim(
        metric="found_by_4",
        says="By starts, where a second query is found most often: from 4 starts one is found",
        only=each(of_queries, _most_lost),
        beside={
            "found_by_256": "from 256 starts {}",
            "lost_by_256": "with what is certain without a search {}",
        },
        figure="starts",
    ),
    Claim(
        metric="rivals",
        says="Other softmax weights over the same keys with the same output number, on average,",
        form="{}",
        unit="plain",
        over="inputs.d",
        only=of_queries,
        beside={
            "expected_rivals": "{} by an estimate of their exact mean",
            "complete": "share in which all were found {}",
        },
        figure="rivals",
    ),
    Claim(
        metric="q3_lost",
        says="By value dimension, a second query with the same output certainly exists",
        over="inputs.d",
        compares=True,
        only=of_queries,
        figure="starts",
    ),
)
