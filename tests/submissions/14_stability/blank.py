# %% [markdown] submission={"base": "release"}
# Handed in as it was released.
