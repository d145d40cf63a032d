"""Observers that know the values and learn nothing; one file per decoder."""
