"""The three verdicts of the face test; shared by its door (nnls) and its compiled kernel (nnls_kernels)."""

from __future__ import annotations

UNIQUE, NOT_UNIQUE, UNDECIDED = 1, 0, -1
