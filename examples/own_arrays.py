# %% [markdown]
# # Your own arrays
# Queries, keys and values of one causal head, as lists, numpy, pandas or tensors: here random ones.

# %%
import numpy as np

import attnlab

rng = np.random.default_rng(0)
n, e, d = 10, 4, 4
queries, keys, values = (rng.normal(size=(n, width)).astype(np.float32) for width in (e, e, d))
causal = np.tri(n, dtype=bool)

# %%
output, weights = attnlab.attend(queries, keys, values, temperature=np.sqrt(e), mask=causal)
unique = attnlab.is_unique(weights, values, causal).unique
certain = attnlab.top_certified(weights, values, causal).certified
for position in range(n):
    print(
        position,
        "unique" if unique[position] else "not unique",
        "top certain" if certain[position] else "open",
    )

# %% [markdown]
# The first d + 1 positions determine their weights; later ones do not. What would an observer who knows the
# values say?

# %%
told = attnlab.decode(output, values, decoder="max_entropy", mask=causal)
right = told.weights.argmax(axis=1) == weights.argmax(axis=1)
print("names the top position in", right.sum(), "of", n)
