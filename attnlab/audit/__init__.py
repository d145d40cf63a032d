"""One attention head, row by row: what its output determines of its attention map, and what it does not."""

from attnlab.audit.asked import DECODERS, FORMATS, chosen
from attnlab.audit.rows import SPECIAL, audited, largest_c, same_values, top_bounds
from attnlab.audit.shown import shown

__all__ = [
    "DECODERS",
    "FORMATS",
    "SPECIAL",
    "audited",
    "chosen",
    "largest_c",
    "same_values",
    "shown",
    "top_bounds",
]
