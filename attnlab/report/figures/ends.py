"""Names beside a panel, at the ends of its curves, in place of a legend."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from attnlab.report.figures.canvas import Layout


@dataclass(frozen=True)
class End:
    """A name beside the end of a curve: the value it stands at, and the key a legend would have for it."""

    name: str
    value: float
    key: Line2D

    @property
    def lines(self) -> int:
        """How many lines the name takes."""
        return self.name.count("\n") + 1


def write_ends(axes: Axes, ends: Sequence[End], layout: Layout, width: float, height: float) -> None:
    """Write names beside a panel of about this size, in points, each as near to its value as others leave it."""
    inner, step = height - 48 - _lost(axes, layout), 1.25 * (layout.text + 0.3)
    x, onto = axes.get_xlim()[1], axes.transData + axes.transAxes.inverted()
    wanted = [inner * float(onto.transform((x, end.value))[1]) for end in ends]
    order = sorted(range(len(ends)), key=lambda line: wanted[line])
    middles = spread([wanted[line] for line in order], [step * ends[line].lines for line in order], inner)
    for line, middle in zip(order, middles, strict=True):
        end, y = ends[line], middle / inner
        key = end.key
        axes.plot(
            [1 + at / width for at in (6, 15, 24)],
            [y] * 3,
            transform=axes.transAxes,
            clip_on=False,
            color=key.get_color(),
            linestyle=key.get_linestyle(),
            linewidth=key.get_linewidth(),
            marker=key.get_marker(),
            markevery=[1],
            path_effects=key.get_path_effects(),
        )
        axes.annotate(
            end.name,
            (1 + 28 / width, y),
            xycoords="axes fraction",
            va="center",
            linespacing=1.1,
            annotation_clip=False,
        )


def _lost(axes: Axes, layout: Layout) -> float:
    """How much lower panels are, in points, whose titles and labels take more than one line each."""
    sheet = axes.get_figure()
    assert sheet is not None, "axes belong to a figure"
    titles = max(one.get_title(loc="left").count("\n") for one in sheet.axes)
    labels = max(one.get_xlabel().count("\n") for one in sheet.axes)
    return 1.2 * (layout.text + 0.6) * (titles + labels)


def spread(wanted: Sequence[float], sizes: Sequence[float], room: float) -> list[float]:
    """Middles of intervals of these sizes, in order and apart, near to those wanted, all from 0 to `room`.

    wanted: ascending. Intervals that touch move together, to the mean of what each of them wants.
    """
    blocks: list[tuple[float, float, int]] = []  # lower end, size, how many
    for want, size in zip(wanted, sizes, strict=True):
        low, whole, count = min(max(want - size / 2, 0.0), room - size), size, 1
        while blocks and blocks[-1][0] + blocks[-1][1] > low:  # ends: each turn takes a block
            before, held, many = blocks.pop()
            low = (before * many + (low - held) * count) / (many + count)
            whole, count = held + whole, many + count
            low = max(min(low, room - whole), 0.0)
        blocks.append((low, whole, count))
    middles, line = [], 0
    for low, _, count in blocks:
        for size in sizes[line : line + count]:
            middles.append(low + size / 2)
            low += size
        line += count
    return middles
