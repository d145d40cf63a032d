# %% [markdown]
# # A sweep and its figure
# How often does an observer who knows the values name the attended position, by length? Cells that were measured
# before are read, not run again.

# %%
import attnlab

study = attnlab.run(
    "recovery",
    {"inputs.n": [8, 32], "weights.temperature": 0.3},
    inputs="gaussian",
    weights="softmax",
    decoder=["simplex", "max_entropy"],
    trials=50,
    study="example",
    exec="serial",  # in this process: few cells; without it, in one process a core
)
print(study.counts)
print(study.verdict.sentences[0])

# %%
top1 = {"x": "inputs.n", "y": "top1", "hue": "decoder"}
figure = study.figure(**top1, reference=["chance"], logx=True)
print(figure.caption)
print(figure.save("top1.svg"))

# %% [markdown]
# In a notebook `figure`, as the last line of a cell, is shown; so is `study`.

# %%
print(study.table.query("metric == 'top1'")[["decoder", "inputs.n", "value", "low", "high"]])
