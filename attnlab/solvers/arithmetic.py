"""What compiled kernels may do to arithmetic, and how they are kept.

Arithmetic. FAST lets sums be reordered (reassoc), products and sums be fused (contract), divisions become
products with a reciprocal (arcp), and the sign of zero be lost (nsz). Certificates may run under it: the
bounds that they allow for hold for a sum in any order (Higham 2002, Accuracy and Stability of Numerical
Algorithms, 4.2), a fused product rounds once instead of twice, and a reciprocal costs one rounding more, well
inside the allowance of 64 or more. NaN and infinity keep their meaning (no nnan, no ninf), so that no
comparison with them is optimised away. What would be undone by reordering, arithmetic in pairs of doubles
(nnls_doubled), is compiled without it. The compilers that take it: compiling.py.

Kernels. A file that compiles is imported inside the function that needs it, or by another that is: numba
takes its time. All kernels that call one another live in one file: the cache on disk does not notice a
changed kernel in an imported one. Where the door is wanted without numba, or the file grows long, the door is
`name.py` and the kernels are `name_kernels.py`. What a door hands to a kernel is `handed`: contiguous and
read-only whatever came, for numba compiles a kernel anew for each kind of array.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

Kind = TypeVar("Kind", bound=np.generic)

AT_ONCE = 2**20
"""The numbers a kernel goes through in one call, about: Python hears Ctrl-C between two calls, a part of a second
apart, and a call costs a hundredth of what it does."""
WHOLE = (slice(None),)
"""One piece."""
FAST = {"contract", "reassoc", "nsz", "arcp"}
"""The liberties above, as numba's `fastmath` takes them."""


def few_at_once(rows: int, each: int, most: int | None = None) -> Iterable[slice]:
    """All rows, as many in a call as `most` numbers (None: AT_ONCE) allow of `each` a row; one at least."""
    most = AT_ONCE if most is None else most
    if rows * each <= most:
        return WHOLE
    step = max(1, most // each)
    return (slice(first, first + step) for first in range(0, rows, step))


def handed(array: NDArray[Any], kind: type[Kind]) -> NDArray[Kind]:
    """The array of this type, contiguous, read-only and otherwise as it is: a copy only where it is neither."""
    flags = array.flags
    if flags.c_contiguous and not flags.writeable and array.dtype == kind:
        return array
    view = np.ascontiguousarray(array, dtype=kind).view()
    view.flags.writeable = False
    return view
