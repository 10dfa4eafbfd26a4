# %% [markdown] submission={"base": "reference", "blank": ["04_parallelism", "05_quantization", "06_analysis"]}
# The first three lessons are solved, and one of the open questions is answered; then time ran out.

# %% [markdown] submission={"lesson": "06_analysis", "grade_id": "question_cache_hierarchy"}
# A block is used many times while it is in the L1 cache. Three blocks are live at once, so a block of 64 x 64
# float32 needs 48 KiB. On my machine 48 was the best size, and 256 was as slow as no blocking at all.
