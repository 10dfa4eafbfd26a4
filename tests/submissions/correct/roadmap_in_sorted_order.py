# %% [markdown] submission={"base": "reference"}
# generate_optimization_roadmap that works with what is left of the time, and sorts by a negated rank.

# %% submission={"lesson": "06_analysis", "grade_id": "generate_optimization_roadmap"}
def fill_ordered_opportunities():
    opportunities = []
    for change in changes:
        rest_us = total_us - change.before_us
        opportunities.append(
            analyses.opportunity(change, total_us, improvement=total_us / (rest_us + change.after_us))
        )
    opportunities.sort(key=lambda item: analyses.rank(item, metrics))
    opportunities.reverse()
    return opportunities


def fill_combined_improvement():
    if total_us:
        left_us = total_us
        for change in changes:
            left_us = left_us - change.before_us + change.after_us
        return total_us / left_us
    return None
