"""Where queries, keys and values come from; one file per source."""
