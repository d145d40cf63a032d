"""A small picture of one interval on the unit scale, to stand beside its number."""

from __future__ import annotations

from markupsafe import Markup

from attnlab.intervals import Interval


def interval_bar(interval: Interval) -> Markup:
    """A track from 0 to 1 with the interval as a bar and the value as a dot; nothing outside [0, 1].

    It repeats the number beside it, so readers of the text alone are told to pass over it.
    """
    if not (0 <= interval.low <= interval.value <= interval.high <= 1):
        return Markup("")
    low, value, high = (4 + 92 * end for end in (interval.low, interval.value, interval.high))
    return Markup(
        '<svg class="interval-bar" viewBox="0 0 100 10" aria-hidden="true">'
        '<path class="track" d="M4 5H96"/>'
        f'<path class="bar" d="M{low:.1f} 5H{max(high, low + 0.1):.1f}"/>'
        f'<circle cx="{value:.1f}" cy="5" r="2.9"/></svg>'
    )
