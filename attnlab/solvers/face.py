"""The verdicts of the face test and of the test of the top; shared by their doors and their compiled kernels."""

from __future__ import annotations

UNIQUE, NOT_UNIQUE, UNDECIDED = 1, 0, -1
CERTIFIED, REFUTED, UNSOLVED = 1, 0, -2
"""Of the top: it stays the largest; it does not; the programmes did not finish, and others must be asked."""
