"""Kinds of figures, one file each; `kind: lines` in a yaml names the file."""
