# %% [markdown] submission={"base": "reference"}
# Nobody asks whether an operation gave one entry for each sample.

# %% submission={"lesson": "04_parallelism", "grade_id": "parallel_batch_processing"}
def fill():
    parts = slices(len(batch), workers)
    results = [batch] * len(parts)

    def work(share):
        results[share] = as_array(operation(batch[parts[share]]))

    run_shares(work, len(parts), workers)
    return np.concatenate(results)
