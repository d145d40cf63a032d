# %% [markdown]
# # A sweep and its figure
# How often does an observer who knows the values name the attended position, by length? Cells that were measured
# before are read, not run again.

# %%
import attnlab

study = attnlab.run(
    "recovery",
    {"inputs.n": [8, 16, 32], "weights.temperature": [0.3, 1.0]},
    weights="softmax",
    decoder=["simplex", "max_entropy"],
    trials=50,
    study="example",
)
print(study.counts)
print(study.verdict.sentences[0])

# %%
figure = study.figure(x="inputs.n", y="top1", hue="decoder", col="weights.temperature", reference=["chance"], logx=True)
print(figure.save("top1.svg"))
figure  # in a notebook: shown

# %%
print(study.table.query("metric == 'top1'")[["decoder", "inputs.n", "value", "low", "high"]])
