"""Models that other people trained, run in plain numpy."""
