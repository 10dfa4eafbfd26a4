# %% [markdown] submission={"base": "reference"}
# Every exercise solved as the course solves it, and the open questions answered.

# %% [markdown] submission={"lesson": "06_analysis", "grade_id": "question_cache_hierarchy"}
# A block is used many times while it is in the L1 cache. Three blocks are live at once, so a block of 64 x 64
# float32 needs 48 KiB. On my machine 48 was the best size, and 256 was as slow as no blocking at all.

# %% [markdown] submission={"lesson": "06_analysis", "grade_id": "question_vectorization_and_threads"}
# Vectors multiply what one core does, threads multiply cores, so for the product the gains multiply too. For ReLU on a
# large array they do not: one core with vectors already takes most of the memory bandwidth, and a second adds little.

# %% [markdown] submission={"lesson": "06_analysis", "grade_id": "question_deployment"}
# On an edge device I would quantize the weights to int8 first: they take a quarter of the memory, and memory is what it
# has least of. On a server I would look at the measured roofline first and keep float32 where accuracy was close to the limit.
