"""Observers that must learn and never see the values; one file per probe."""
