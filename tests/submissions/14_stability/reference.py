# %% [markdown] submission={"base": "reference"}
# Every exercise solved as the course solves it, and the open question answered.

# %% [markdown] submission={"lesson": "01_normalize", "grade_id": "question_digits"}
# log(1 + e^x) in float64: for x = 1000 the exponential overflows and the result is inf, where 1000 is right; for x = -40 it
# is 0, since 1 + 4e-18 rounds to 1, where 4.248354255291589e-18 is right. The first is overflow; in the second the sum
# rounds away what matters. max(x, 0) + log1p(exp(-abs(x))) gives 1000.0 and 4.248354255291589e-18. I compared with decimal
# at 50 digits, which uses neither formula's tricks.
