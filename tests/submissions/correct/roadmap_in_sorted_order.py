# %% [markdown] submission={"base": "reference"}
# generate_optimization_roadmap that works with what is left of the time, and sorts by a negated rank.

# %% submission={"lesson": "06_analysis", "grade_id": "generate_optimization_roadmap"}
def fill():
    left_us = total_us
    for change in changes:
        rest_us = total_us - change.before_us
        opportunities.append(
            opportunity(
                change,
                share=change.before_us / total_us,
                local_speedup=change.before_us / change.after_us,
                improvement=total_us / (rest_us + change.after_us),
            )
        )
        left_us = left_us - change.before_us + change.after_us
    opportunities.sort(key=lambda item: rank(item, metrics))
    opportunities.reverse()
    if total_us:
        combined = total_us / left_us
