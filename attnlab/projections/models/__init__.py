"""Layers trained end to end, whose projections learn what to keep."""
