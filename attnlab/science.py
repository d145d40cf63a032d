"""The science by name, for arrays of one's own: attend, collide, decode.

The questions themselves (`is_unique`, `fibre_intervals`, ...) are functions of their own rooms.
"""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import pkgutil
from dataclasses import replace
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from attnlab.arrays import Array, Mask, generator, numbers, require
from attnlab.attention import logits, output, softmax_weights
from attnlab.collisions.base import Construction
from attnlab.decoders.base import Decoder
from attnlab.parts import Part, SettingError, among
from attnlab.problems import CHUNK, Problems
from attnlab.shapes import Collision, Sample

Kind = TypeVar("Kind", bound=Part)


class Attended(NamedTuple):
    """output (..., d) and the weights (..., n) that made it."""

    output: Array
    weights: Array


class Decoded(NamedTuple):
    """weights (..., n); residual (...,), `|V^T b - o| / |o|`; converged (...,): False where the solver gave up."""

    weights: Array
    residual: Array
    converged: Mask


def attend(
    queries: ArrayLike,
    keys: ArrayLike,
    values: ArrayLike,
    temperature: float = 1.0,
    mask: ArrayLike | None = None,
) -> Attended:
    """The attention sum `o = sum_i a_i v_i` and its weights `a = softmax(q.K / temperature)`.

    queries (..., e), keys (..., n, e), values (..., n, d), mask (..., n) True where visible; leading axes
    broadcast: a layer of h causal heads is queries (h, n, e), keys (h, 1, n, e), values (h, 1, n, d), mask (n, n).
    The usual attention has temperature sqrt(e). Raises ValueError for shapes that do not fit, numbers that are
    not finite, a temperature that is not positive, and a query that sees no position.

    >>> import attnlab
    >>> o, a = attnlab.attend([1.0, 0.0], keys=[[1, 0], [0, 1], [-1, 0]], values=[[3, 0], [0, 3], [-3, 0]])
    >>> a.round(3).tolist(), o.round(3).tolist()
    ([0.665, 0.245, 0.09], [1.726, 0.734])
    """
    single = numbers(temperature, "a temperature")
    require(single.ndim == 0 and bool(0 < single < np.inf), "a temperature > 0", temperature)
    problems = Problems.of(values, mask, keys=keys)
    q, k, seen = numbers(queries, "queries"), problems.given_keys, problems.mask
    e = k.shape[-1]
    require(q.shape[-1:] == (e,), f"queries (..., {e}), as the keys (..., n, {e})", q.shape)
    try:
        np.broadcast_shapes(q.shape[:-1], problems.lead)
    except ValueError:
        told = f"queries {q.shape[:-1]}, keys, values and mask {problems.lead}"
        raise ValueError(f"expected leading axes that broadcast, got {told}") from None
    require(bool(np.isfinite(q).all()), "finite queries", "NaN or infinity")
    scores = logits(q, _visible(k, seen, "keys"), float(single))
    require(bool(np.isfinite(scores).all()), "scores q.K / temperature within the floats", "infinity")
    weights = softmax_weights(scores, np.broadcast_to(seen, np.broadcast_shapes(seen.shape, scores.shape)))
    return Attended(output(weights, _visible(problems.values, seen, "values")), weights)


def _visible(rows: Array, seen: Mask, name: str) -> Array:
    """The rows (..., n, d), 0 where one is not finite and masked. Raises ValueError where it is visible."""
    bad = ~np.isfinite(rows)
    if not bad.any():
        return rows
    require(not (bad.any(axis=-1) & seen).any(), f"finite {name}", "NaN or infinity")
    return np.where(bad, 0.0, rows)


def collide(
    values: ArrayLike,
    kind: str | Construction = "radon",
    *,
    weights: ArrayLike | None = None,
    keys: ArrayLike | None = None,
    queries: ArrayLike | None = None,
    mask: ArrayLike | None = None,
    rng: np.random.Generator | int = 0,
    **settings: Any,
) -> Collision:
    """Different weights with one output, with the certificate that it is so.

    kind: a construction by the name of its file in `attnlab/collisions/` (`attnlab --help collision` lists them
    with their settings), or one that was made. Each needs what it `uses` and no more: `radon` and `tverberg` the
    values alone, most others the weights to start from, which may be given as queries and keys (then
    `softmax(K q)`). values (..., n, d), weights (..., n), keys (..., n, e), queries (..., e), mask (..., n);
    leading axes broadcast and become the B trials of the Collision: patterns (B, r, n), outputs (B, r, d), found
    (B,). rng: a generator, or a seed; the same seed gives the same pair.

    Raises ValueError for what does not fit or is missing, `attnlab.parts.Declined` (with the reason) where no
    collision of this kind exists.

    >>> import attnlab
    >>> pair = attnlab.collide([[0, 0], [1, 0], [0, 1], [1, 1]])  # Radon: the diagonals of a square
    >>> sorted(pair.patterns[0].round(3).tolist()), pair.outputs[0].round(3).tolist()
    ([[0.0, 0.5, 0.5, 0.0], [0.5, 0.0, 0.0, 0.5]], [[0.5, 0.5], [0.5, 0.5]])
    """
    draws = generator(rng)
    made = _made("collisions", kind, Construction, settings)  # type: ignore[type-abstract]
    v = numbers(values, "values")
    sample, a = _problem(v, weights, keys, queries, mask)
    given = {"weights": a, "keys": keys, "queries": queries}
    missing = [name for name in made.uses if given[name] is None]
    if missing:
        needed = " and ".join(made.uses)
        raise ValueError(f"expected {needed} for {_name(made)}, got no {' and no '.join(missing)}")
    if a is None:  # unused: any weights will do
        a = sample.mask / sample.mask.sum(axis=1, keepdims=True)
    return made(a, sample, draws)


def _problem(
    values: Array,
    weights: ArrayLike | None,
    keys: ArrayLike | None,
    queries: ArrayLike | None,
    mask: ArrayLike | None,
) -> tuple[Sample, Array | None]:
    """One flat batch of the arrays, and its weights (B, n): those given, or the softmax of queries and keys."""
    if queries is not None and keys is None:
        raise ValueError("expected keys with the queries, got no keys")
    if weights is None and queries is not None and keys is not None:
        weights = attend(queries, keys, values, mask=mask).weights
    problems = Problems.of(values, mask, weights=weights, keys=keys)
    flat = problems.whole()
    q = None
    if queries is not None:
        q = np.broadcast_to(numbers(queries, "queries"), (*problems.lead, flat.given_keys.shape[-1]))
        q = q.reshape(-1, q.shape[-1])
    sample = Sample.of(flat.values, flat.keys, flat.mask, queries=q)
    return replace(sample, spacing=flat.spacing), flat.weights


def decode(
    outputs: ArrayLike,
    values: ArrayLike,
    keys: ArrayLike | None = None,
    decoder: str | Decoder = "max_entropy",
    mask: ArrayLike | None = None,
    **settings: Any,
) -> Decoded:
    """What an observer who knows the values says the weights were.

    decoder: one by the name of its file in `attnlab/decoders/` (`attnlab --help decoder` lists them), or one that
    was made; one that knows the keys needs them. outputs (..., d), values (..., n, d), keys (..., n, e), mask
    (..., n) True where visible; leading axes broadcast and are those of the answer; large batches are worked in
    pieces. Raises ValueError for what does not fit or is missing, `attnlab.parts.Declined` where nothing can be
    decoded.

    >>> import attnlab
    >>> square = [[0, 0], [1, 0], [0, 1], [1, 1]]
    >>> attnlab.decode([0.5, 0.5], square).weights.round(3).tolist()
    [0.25, 0.25, 0.25, 0.25]
    >>> attnlab.decode([0.9, 0.8], square, decoder="nearest_value").weights.tolist()
    [0.0, 0.0, 0.0, 1.0]
    """
    made = _made("decoders", decoder, Decoder, settings)  # type: ignore[type-abstract]
    if keys is None and "K" in made.knows.split():
        raise ValueError(f"expected keys for {_name(made)}, which knows {made.knows}, got none")
    problems = Problems.of(values, mask, outputs=outputs, keys=keys)
    n, d = problems.values.shape[-2:]
    weights, residual = np.empty((problems.trials, n)), np.empty(problems.trials)
    converged = np.empty(problems.trials, dtype=np.bool_)
    for where, piece in problems.pieces(max(1, CHUNK // (n * d))):
        flat = piece.whole()
        sample = replace(Sample.of(flat.values, flat.keys, flat.mask), spacing=flat.spacing)
        found = made(flat.given_outputs, sample)
        weights[where], residual[where], converged[where] = found.weights, found.residual, found.converged
    lead = problems.lead
    return Decoded(weights.reshape(*lead, n), residual.reshape(lead), converged.reshape(lead))


def _made(wing: str, named: str | Kind, base: type[Kind], settings: dict[str, Any]) -> Kind:
    """The part that is named by its file, with these settings, or the part itself. Raises ValueError."""
    if isinstance(named, base):
        require(not settings, f"the settings of {_name(named)} where it is made", ", ".join(settings))
        return named
    kinds = _kinds(wing, base)
    if named not in kinds:
        raise ValueError(f"expected a {base.__name__.lower()}, {among(named, kinds)}; got {named!r}")
    kind = kinds[str(named)]
    known = [field.name for field in dataclasses.fields(kind)]
    for name in settings:
        if name not in known:
            raise SettingError(name, settings[name], among(name, known, f"a setting of {named}"))
    return kind(**settings)


def _kinds(wing: str, base: type[Kind]) -> dict[str, type[Kind]]:
    """The parts of a wing by the names of their files: one variant is one file."""
    place = importlib.import_module(f"attnlab.{wing}")
    found: dict[str, type[Kind]] = {}
    for module in pkgutil.iter_modules(place.__path__):
        loaded = importlib.import_module(f"{place.__name__}.{module.name}")
        for kind in vars(loaded).values():
            own = inspect.isclass(kind) and issubclass(kind, base) and kind.__module__ == loaded.__name__
            if own and not inspect.isabstract(kind):
                found[module.name] = kind
    return found


def _name(made: object) -> str:
    return type(made).__name__
