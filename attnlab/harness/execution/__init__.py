"""Where cells are measured; one file per way."""
