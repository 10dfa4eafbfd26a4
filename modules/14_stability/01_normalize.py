# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Keep the digits
# > Softmax and layer norm that neither overflow nor cancel.
#
# You can write a formula as NumPy, and it gives the right number for the inputs you tried. For other inputs the same
# formula gives `nan`, or a number of which no digit is right, and says nothing. Two functions in every transformer are
# of that kind: softmax, which turns scores into weights, and layer norm, which brings activations to a common scale.
#
# In this lesson you write both so that they hold for every input their result can be represented for. You need two
# rewritings, each of one line, and a way to tell beforehand where the plain formula fails.

# %%
#| default_exp core.stability.normalize

# %%
#| export
from typing import Any

import numpy as np

from tinytorch.core.kernels.timing import as_array

# %% [markdown]
# ## Given: which type to compute in
#
# `as_array`, from the first lesson of the kernels module, takes an array out of whatever wraps it. The function below
# adds a rule for the type: float32 stays float32, and everything else becomes float64.

# %%
#| export
def as_floats(x: Any) -> np.ndarray:
    """The array in `x`, float32 if it is float32, else float64; shares memory where possible."""
    array = as_array(x)
    return array if array.dtype == np.float32 else array.astype(np.float64, copy=False)


# %% [markdown]
# ## What a float can hold
#
# A float has a largest value, and a spacing: the distance to its next neighbor, which grows with the number.
#
# | | float32 | float64 |
# | --- | --- | --- |
# | largest value | 3.4e38 | 1.8e308 |
# | relative spacing, *eps* | 1.2e-7 | 2.2e-16 |
#
# Beyond the largest value is `inf`: that is *overflow*. The spacing does its harm when two numbers of nearly the same
# size are subtracted. Each was right to its last digit; the leading digits cancel, and what remains is the rounding of
# the last ones: that is *cancellation*.
#
# **Predict.** (a) What is the smallest whole `n` for which `np.exp(np.float32(n))` is infinite? (b) In float32, what is
# 100 000 001 - 100 000 000?

# %%
my_first_infinite = None  # (a) your prediction
my_difference = None  # (b) your prediction

# %% tags=["measure"]
with np.errstate(over="ignore"):
    exponentials = np.exp(np.arange(1000, dtype=np.float32))
print(f"(a) predicted {my_first_infinite}, measured {np.argmax(np.isinf(exponentials))}")
difference = np.float32(100_000_001) - np.float32(100_000_000)
print(f"(b) predicted {my_difference}, measured {difference}")

# %% [markdown]
# Scores of 89 are nothing unusual, and neither is a list of numbers around a hundred million: dates in seconds are
# larger than that.

# %% [markdown]
# ## Add up exponentials (4 points)
#
# The logarithm of a sum of exponentials, $\log \sum_i e^{x_i}$, is the loss of every classifier. It is close to the
# largest $x_i$, a harmless number, but on the way there the exponentials overflow. For any number $m$
#
# $$\log \sum_i e^{x_i} = m + \log \sum_i e^{x_i - m}$$
#
# With $m$ the largest $x_i$, no exponent is above zero. The largest term is exactly 1, so the sum lies between 1 and
# the number of terms. Terms that are too small for a float become 0, and are too small to change a sum of 1 or more.
#
# **Predict.** What is the result for two scores of 1000? And what does the plain formula give?

# %%
my_log_of_two = None  # your prediction for the result
my_plain_log_of_two = None  # your prediction for the plain formula

# %% [markdown]
# **Implement** `log_sum_exp`, in about five lines:
#
# 1. Take the maximum along `axis`, with `keepdims=True`.
# 2. A score of `-inf` stands for "left out", and contributes $e^{-\infty} = 0$. If all are left out, the maximum is
#    `-inf` itself, and subtracting it from itself gives `nan`. So where the maximum is not finite, use 0 in its place.
# 3. Subtract, take the exponentials, add them up along `axis`, take the logarithm, and add the maximum again.
#
# The logarithm of 0 is `-inf`, which is right here; NumPy warns about it unless told
# `with np.errstate(divide="ignore"):`.

# %% nbgrader={"grade": false, "grade_id": "log_sum_exp", "solution": true}
#| export
def log_sum_exp(x: Any, axis: int = -1) -> np.ndarray | np.floating:
    """log(sum(exp(x))) along `axis`, for scores of any size.

    x: any shape, at least one score along `axis`; -inf leaves a score out, all left out give -inf.
    Returns an array without that axis, a number for a single row: float32 for float32, else
    float64, within a few eps * (|result| + 1).
    Source: P. Blanchard, D. J. Higham, N. J. Higham, Accurately computing the log-sum-exp and
    softmax functions (2021).
    """
    scores = as_floats(x)
    ### BEGIN SOLUTION
    largest = scores.max(axis=axis, keepdims=True)
    shift = np.where(np.isfinite(largest), largest, scores.dtype.type(0))
    with np.errstate(divide="ignore"):
        logs = np.log(np.exp(scores - shift).sum(axis=axis))
    return logs + np.squeeze(shift, axis=axis)
    ### END SOLUTION


# %% [markdown]
# **Check.** The cell below tries small and large scores, both axes of a matrix, and scores that are left out.

# %% nbgrader={"grade": true, "grade_id": "check_log_sum_exp", "points": 4}
def test_unit_log_sum_exp():
    """log_sum_exp holds for scores of any size, along any axis, and where scores are left out."""
    result = log_sum_exp(np.array([0.0, 0.0, 0.0]))
    assert np.isclose(result, np.log(3)), f"three scores of 0 give log 3, 1.0986; got {result}"
    for score in (1000.0, -1000.0):
        result = log_sum_exp(np.array([score, score]))
        expected = score + np.log(2)
        assert np.isclose(result, expected), f"two scores of {score}: {expected}; got {result}"
    table = np.array([[0.0, 100.0, 0.0], [0.0, 0.0, -100.0]], dtype=np.float32)
    for axis, shape in ((0, (3,)), (1, (2,))):
        result = log_sum_exp(table, axis=axis)
        assert result.shape == shape, f"axis {axis} of (2, 3) leaves {shape}; got {result.shape}"
        assert result.dtype == np.float32, f"float32 stays float32; got {result.dtype}"
    result = log_sum_exp(np.array([[-np.inf, 2.0], [-np.inf, -np.inf]]))
    assert result[0] == 2.0, f"one score left out, the other 2: 2; got {result[0]}"
    assert result[1] == -np.inf, f"all scores left out: -inf; got {result[1]}"


test_unit_log_sum_exp()

# %% tags=["measure"]
pair = np.array([1000.0, 1000.0])
with np.errstate(over="ignore"):
    plain = np.log(np.exp(pair).sum())
print(f"predicted {my_log_of_two}, computed {log_sum_exp(pair)}")
print(f"plain formula: predicted {my_plain_log_of_two}, computed {plain}")

# %% [markdown]
# **Reflect.** Two scores of -1000 go wrong in the plain formula as well, in the other direction. What does it give, and
# at which step is the information lost?

# %% [markdown]
# *Your notes:*

# %% [markdown]
# ## Turn scores into weights (5 points)
#
# Softmax makes weights of scores: each is positive, they add up to 1, and equal differences of scores give equal ratios
# of weights.
#
# $$\mathrm{softmax}(x)_i = \frac{e^{x_i}}{\sum_j e^{x_j}} = \frac{e^{x_i - m}}{\sum_j e^{x_j - m}}$$
#
# Numerator and denominator are divided by the same $e^m$, so that the weights stay what they are. The largest score
# *of the same row* is again the right $m$. With one maximum for a whole matrix, the exponentials of a row far
# below it are all 0, and 0 / 0 is `nan`.
#
# **Predict.** What are the weights of the scores 1000 and 1001? And those of 0 and 1?

# %%
my_weights_of_1000_and_1001 = None  # your prediction, two numbers
my_weights_of_0_and_1 = None  # your prediction, two numbers

# %% [markdown]
# **Implement** `softmax`, in about three lines. In every row you may take at least one score to be finite. A score of
# `-inf` gets the weight 0, which needs no case of its own. Leave `x` as it is: `as_floats` may give you the caller's
# own memory, so `scores -= ...` would change it.

# %% nbgrader={"grade": false, "grade_id": "softmax", "solution": true}
#| export
def softmax(x: Any, axis: int = -1) -> np.ndarray:
    """exp(x) / sum(exp(x)) along `axis`, for scores of any size.

    x: any shape, at least one finite score in each row along `axis`; -inf gets the weight 0.
    Returns weights of the shape of x, float32 for float32, else float64; a weight is right within
    a few eps * (1 + distance of its score from the largest), relatively.
    Source: P. Blanchard, D. J. Higham, N. J. Higham, Accurately computing the log-sum-exp and
    softmax functions (2021).
    """
    scores = as_floats(x)
    ### BEGIN SOLUTION
    exponentials = np.exp(scores - scores.max(axis=axis, keepdims=True))
    return exponentials / exponentials.sum(axis=axis, keepdims=True)
    ### END SOLUTION


# %% [markdown]
# **Check.** The cell below tries rows of very different size in one matrix, and looks whether its input has changed.

# %% nbgrader={"grade": true, "grade_id": "check_softmax", "points": 5}
def test_unit_softmax():
    """softmax gives weights that add up to 1, for any scores, and leaves its input alone."""
    table = np.array([[0.0, 1.0, 2.0], [1000.0, 1001.0, 1002.0], [-1000.0, -999.0, -998.0]])
    before = table.copy()
    weights = softmax(table)
    assert np.array_equal(table, before), "the scores must stay as they were"
    assert weights.shape == (3, 3), f"(3, 3) scores have (3, 3) weights; got {weights.shape}"
    sums, ratio = weights.sum(axis=1), weights[0, 2] / weights[0, 1]
    assert np.allclose(sums, 1), f"each row adds up to 1; got {sums}"
    assert np.allclose(weights, weights[0]), f"a shift of a row changes nothing; got\n{weights}"
    assert np.isclose(ratio, np.e), f"a score larger by 1 weighs e times as much; got {ratio}"
    assert np.allclose(softmax(table.T, axis=0), weights.T), "axis=0 makes weights of columns"
    assert softmax(np.array([3.0, -np.inf]))[1] == 0, "a score of -inf has the weight 0"


test_unit_softmax()

# %% tags=["measure"]
print(f"1000, 1001: predicted {my_weights_of_1000_and_1001}, computed {softmax([1000.0, 1001.0])}")
print(f"   0,    1: predicted {my_weights_of_0_and_1}, computed {softmax([0.0, 1.0])}")

# %% [markdown]
# What does the care cost? The shift takes a maximum and a subtraction, two more passes over the scores. The cell below
# times the plain formula and yours in turn, on scores for which both are right.

# %% tags=["measure"]
from tinytorch import bench


def plain_softmax(x):
    exponentials = np.exp(x)
    return exponentials / exponentials.sum(axis=-1, keepdims=True)


scores = np.random.default_rng(0).standard_normal((512, 512), dtype=np.float32)
print(bench.compare(lambda: softmax(scores), lambda: plain_softmax(scores), limit_s=3))

# %% [markdown]
# **Reflect.** Is the price what two more passes should cost, next to one pass that takes exponentials? Which lesson of
# the kernels module would help to bring it down?

# %% [markdown]
# *Your notes:*

# %% [markdown]
# ## Bring activations to a common scale (7 points)
#
# Layer norm subtracts each row's mean, divides by its standard deviation, and applies a gain and a bias to each column:
#
# $$y_i = \frac{x_i - \mu}{\sqrt{\sigma^2 + \epsilon}} \, g_i + b_i$$
#
# Here $\mu$ is the mean of the row and $\sigma^2$ its variance, divided by the number of elements. The small $\epsilon$
# *inside* the root keeps a constant row from dividing by 0. Two formulas give the variance, and on paper they are
# equal:
#
# | | formula | passes over the row | relative error, about |
# | --- | --- | --- | --- |
# | one pass | mean of $x_i^2$, less $\mu^2$ | 1 | eps · (μ / σ)² |
# | two passes | mean of $(x_i - \mu)^2$ | 2 | eps + (eps · μ / σ)² |
#
# The first subtracts two numbers near $\mu^2$ to get $\sigma^2$. If the mean is a thousand times the standard
# deviation, six digits cancel, and float32 has seven.

# %% [markdown]
# **Predict.** A row of float32 numbers has the standard deviation 1. From which mean on is the variance by the one-pass
# formula wrong by more than one percent: 30, 300, 3 000 or 30 000?

# %%
my_mean_for_one_percent = None  # your prediction

# %% [markdown]
# **Implement** `layer_norm`, in about four lines: the mean of each row, the deviations from it, their mean square, and
# the formula above. Work along the last axis, and leave the input as it is. Values that you need twice, such as the
# deviations, are worth a name.

# %% nbgrader={"grade": false, "grade_id": "layer_norm", "solution": true}
#| export
def layer_norm(x: Any, gain: Any, bias: Any, eps: float = 1e-5) -> np.ndarray:
    """(x - mean) / sqrt(variance + eps) * gain + bias, mean and variance along the last axis.

    x: (..., n), n >= 1; gain, bias: (n,). The variance is divided by n.
    Returns an array of the shape of x: float32 if x is float32, else float64, each element right
    within a few eps(dtype) * (|gain| * max|x| / sqrt(variance + eps) + |bias|), also where the mean
    exceeds the deviation by far.
    Source: J. L. Ba, J. R. Kiros, G. E. Hinton, Layer Normalization (2016); for the two passes
    N. J. Higham, Accuracy and Stability of Numerical Algorithms, 2nd edition, section 1.9.
    """
    rows = as_floats(x)
    gain, bias = as_floats(gain).astype(rows.dtype), as_floats(bias).astype(rows.dtype)
    ### BEGIN SOLUTION
    deviations = rows - rows.mean(axis=-1, keepdims=True)
    variance = np.mean(deviations * deviations, axis=-1, keepdims=True)
    scale = np.sqrt(variance + rows.dtype.type(eps))
    return deviations / scale * gain + bias
    ### END SOLUTION


# %% [markdown]
# **Check.** The cell below compares with the formula for ordinary rows, then moves a row far from zero, where its
# result must stay the same, and tries a constant row.

# %% nbgrader={"grade": true, "grade_id": "check_layer_norm", "points": 7}
def test_unit_layer_norm():
    """layer_norm follows the formula, also for rows far from zero and for constant rows."""
    row = np.array([1.0, -1.0, 3.0, -3.0])  # mean 0, variance 5
    gain, bias = np.array([1.0, 2.0, 1.0, 1.0]), np.array([0.0, 0.0, 10.0, 0.0])
    expected = row / np.sqrt(5 + 1e-5) * gain + bias
    result = layer_norm(row, gain, bias)
    assert np.allclose(result, expected, rtol=1e-12), f"expected about {expected}; got {result}"
    before = np.array([row, row + 2.0**30])
    rows = before.copy()
    result = layer_norm(rows, gain, bias)
    assert np.array_equal(rows, before), "the input must stay as it was"
    shifted = result[1]
    assert np.allclose(shifted, expected, atol=1e-6), f"a shift changes nothing; got {shifted}"
    result = layer_norm(np.full(4, 7.0), gain, bias)
    assert np.allclose(result, bias), f"a constant row gives the bias; got {result}"
    wide = layer_norm(row, gain, bias, eps=4.0)
    assert np.allclose(wide, row / 3 * gain + bias), f"with eps=4 the root is that of 9; got {wide}"
    result = layer_norm(row.astype(np.float32), gain, bias)
    assert result.dtype == np.float32, f"float32 stays float32; got {result.dtype}"


test_unit_layer_norm()

# %% [markdown]
# **Measure.** The same numbers, moved further and further from zero, and the variance by both formulas in float32. The
# right value is computed in fractions, which round nothing. Neither formula sees the fractions; both see the rounded
# row.

# %% tags=["measure"]
from fractions import Fraction

base = np.random.default_rng(1).standard_normal(256)
print(f"predicted: one percent from a mean of {my_mean_for_one_percent} on")
print("   mean   error of one pass   error of two passes   eps (mean / deviation)^2")
for mean in (3, 30, 300, 3_000, 30_000):
    row = (base + mean).astype(np.float32)
    exact = [Fraction(float(value)) for value in row]
    center = sum(exact) / len(exact)
    variance = float(sum((value - center) ** 2 for value in exact) / len(exact))
    one_pass = np.mean(row * row) - np.mean(row) ** 2
    two_passes = np.mean((row - np.mean(row)) ** 2)
    errors = [abs(float(found) - variance) / variance for found in (one_pass, two_passes)]
    rule = np.finfo(np.float32).eps * mean**2 / variance
    print(f"{mean:7} {errors[0]:18.1e} {errors[1]:21.1e} {rule:22.1e}")

# %% [markdown]
# **Reflect.** Does the rule in the last column say where the first formula fails? The one-pass formula can give
# the variance 0, or a *negative* one. What would layer norm make of each, and would anyone notice during training?

# %% [markdown]
# *Your notes:*

# %% [markdown] nbgrader={"grade": true, "grade_id": "question_digits", "points": 4, "solution": true}
# ## Find the loss elsewhere (4 points)
#
# Choose one of these, or another that you met: $\log(1 + e^x)$ for large and for very negative $x$; the length
# $\sqrt{x^2 + y^2}$; the cosine similarity of two vectors that are nearly parallel, turned into an angle.
#
# For which inputs does the plain formula lose digits, and is it overflow, underflow or cancellation? Show it with
# figures that you computed. How do you rewrite it, and with what independent result do you compare, if the formula
# itself can't be trusted?

# %% [markdown]
# You can now say, before you run a formula, for which inputs it will overflow or cancel, rewrite it, and check the
# result against arithmetic that doesn't round. Next, look at a loss of your own network: where does it take a logarithm
# of something that was an exponential?
