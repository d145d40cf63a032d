# %% [markdown]
# # A collision by hand
# Four values on the corners of a square. Attending to one diagonal or to the other gives the same output: whoever
# sees only the output cannot say which.

# %%
import numpy as np

import attnlab

corners = [[0, 0], [1, 0], [0, 1], [1, 1]]
one = np.array([0.5, 0.0, 0.0, 0.5])
other = np.array([0.0, 0.5, 0.5, 0.0])
print(one @ corners, other @ corners)

# %% [markdown]
# `collide` finds such a pair for any values (Radon 1921), with its certificate.

# %%
pair = attnlab.collide(np.random.default_rng(0).normal(size=(12, 3)))
first, second = pair.patterns[0]
print("positions:", np.flatnonzero(first), np.flatnonzero(second))
print("outputs differ by", pair.gap[0], "of the size of the values")

# %% [markdown]
# How far can the weights move while the output stays? And is the largest weight certain?

# %%
print(attnlab.fibre_intervals(one, corners))
print(attnlab.is_unique(one, corners).unique, attnlab.top_certified([0.9, 0.04, 0.03, 0.03], corners))
