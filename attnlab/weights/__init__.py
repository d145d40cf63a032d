"""How attention weights arise; one file per way."""
