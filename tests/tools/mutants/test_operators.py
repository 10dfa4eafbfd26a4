"""Does each rule make the fault it is named for, and is every mutant another program?"""

from __future__ import annotations

import ast

import pytest

from tests.tools.mutants.operators import edits


def faults(source: str, rule: str) -> set[str]:
    return {edit.apply(source) for edit in edits(source) if edit.rule == rule}


@pytest.mark.parametrize(
    ("rule", "source", "expected"),
    [
        ("arithmetic", "x = a - b", "x = a + b"),
        ("arithmetic", "total += a", "total = a"),
        ("comparison", "if i < n: f()", "if i <= n: f()"),
        ("comparison", "y = a is not None", "y = a is None"),
        ("logic", "y = a and b", "y = (a or b)"),
        ("logic", "y = not a", "y = (a)"),
        ("constant", "x = 128", "x = 127"),
        ("constant", "f(copy=False)", "f(copy=True)"),
        ("condition", "if bad: raise ValueError", "if False: raise ValueError"),
        ("condition", "s = a if big else 1.0", "s = (a)"),
        ("statement", "f(x)\ng(x)", "pass\ng(x)"),
        ("loop", "for i in range(n): f(i)", "for i in range(0, n - 1): f(i)"),
        ("loop", "for i in range(a, b, w): f(i)", "for i in range(a + 1, b, w): f(i)"),
        ("name", "y = x.astype(np.float64)", "y = x.astype(np.float32)"),
        ("name", "y = min(a, b)", "y = max(a, b)"),
        ("wrapper", "y = np.asarray(x)", "y = (x)"),
        ("wrapper", "y = f(x).astype(t)", "y = f(x)"),
        ("keyword", "y = x.sum(1, keepdims=True)", "y = x.sum(1)"),
        ("order", "y = A[i, k]", "y = A[k, i]"),
        ("order", "C = A @ B", "C = B @ A"),
        ("order", "return q, scale", "return scale, q"),
        ("piece", "y = x[a:b]", "y = x[a:]"),
        ("index", "for i in x:\n    for j in y:\n        C[i] = 1", "for i in x:\n    for j in y:\n        C[j] = 1"),
    ],
)
def test_a_rule_makes_its_fault(rule: str, source: str, expected: str) -> None:
    assert expected in faults(source, rule)


def test_text_before_the_place_may_be_wider_than_one_byte() -> None:
    assert "s = 'é'; x = a + b" in faults("s = 'é'; x = a - b", "arithmetic")


def test_a_change_that_is_none_or_no_python_is_left_out() -> None:
    source = "y = max(x, x)\nz = f(a)(b)"
    plain = ast.dump(ast.parse(source))
    assert all(ast.dump(ast.parse(edit.apply(source))) != plain for edit in edits(source))


def test_no_fault_comes_twice() -> None:
    texts = [edit.apply("x = a - 1") for edit in edits("x = a - 1")]
    assert len(texts) == len(set(texts))
