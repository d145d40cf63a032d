"""Different weights, one output; one file per construction."""
