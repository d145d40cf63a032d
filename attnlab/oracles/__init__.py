"""Slow, plain, independent twins of the kernels: for tests, benchmarks and doubters."""
