"""Numerical kernels shared by the wings: arrays in, arrays out, one algorithm per file."""
