"""A small picture of one interval on the unit scale, to stand beside its number."""

from __future__ import annotations

from markupsafe import Markup

from attnlab.verdicts import Number, ends_of


def interval_bar(interval: Number) -> Markup:
    """A track from 0 to 1 with the interval as a bar and the value, or both ends of a bracket, as dots.

    Nothing outside [0, 1], or where there is no interval.

    It repeats the number beside it, so readers of the text alone are told to pass over it.
    """
    ends = ends_of(interval)
    if not (0 <= interval.low <= ends[0].value <= ends[-1].value <= interval.high <= 1):
        return Markup("")
    low, high = (4 + 92 * end for end in (interval.low, interval.high))
    dots = (f'<circle cx="{4 + 92 * end.value:.1f}" cy="5" r="2.9"/>' for end in ends)
    return Markup(
        '<svg class="interval-bar" viewBox="0 0 100 10" aria-hidden="true">'
        '<path class="track" d="M4 5H96"/>'
        f'<path class="bar" d="M{low:.1f} 5H{max(high, low + 0.1):.1f}"/>{"".join(dots)}</svg>'
    )
