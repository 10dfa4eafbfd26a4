"""However a name in a file of checks gets its value, a check that uses it depends on that."""

from __future__ import annotations

from pathlib import Path

import pytest

from tinytorch.grading.checks.code import CheckFile, common_digest

ROOMS = frozenset({"grading/checks", "bench", "errors.py"})
HEAD = "import numpy as np, pytest\n"
CHECK = "def test_it(student, data):\n    student.it(VALUE, data)\n"


def digest(folder: Path, text: str) -> str:
    path = folder / "test_01_first.py"
    path.write_text(HEAD + text, encoding="utf-8")
    return CheckFile(path, common_digest(folder)).digest("test_it", "test_01_first::test_it", ROOMS)


def matters(folder: Path, text: str, new: str = "9") -> bool:
    """Whether the digest of `test_it` is another one when the only `7` in its file becomes `new`."""
    assert text.count("7") == 1
    return digest(folder, text) != digest(folder, text.replace("7", new))


@pytest.mark.parametrize(
    "text",
    [
        "VALUE = 7\n",
        "if True:\n    VALUE = 7\n",
        "try:\n    import nowhere\n    VALUE = 3\nexcept ImportError:\n    VALUE = 7\n",
        "for VALUE in [3, 7]:\n    pass\n",
        "(VALUE := 7)\n",
        "VALUE, OTHER = 3, 7\n",
        "VALUE = []\nOTHER = VALUE\nOTHER[:] = [7]\n",
        "VALUE = {}\nOTHER = VALUE\nOTHER['a'] = 7\n",
        "VALUE = []\nOTHER = VALUE\nOTHER += [7]\n",
        "class VALUE: pass\nOTHER = VALUE\nOTHER.size = 7\n",
        "VALUE = 3\ndef lazily():\n    global VALUE\n    VALUE = 7\n",
        "VALUE = lambda n=7: n\n",
        "SIZE = 7\nVALUE = f'{SIZE}'\n",
        "SIZE = 7\ndef VALUE():\n    def inside():\n        return SIZE\n    return inside\n",
        "SIZE = 7\nclass Base:\n    size = SIZE\nclass VALUE(Base):\n    pass\n",
        "OLD = np.seterr(all='raise', under=7)\n",
        "def setup_function():\n    np.random.seed(7)\n",
        "def teardown_module(module):\n    np.random.seed(7)\n",
        "@pytest.fixture(name='data')\ndef _made():\n    return 7\n",
        "@pytest.fixture\ndef data(request):\n    return request.getfixturevalue('da' + 'tum')\n@pytest.fixture\n"
        "def datum():\n    return 7\n",
        "always = pytest.fixture(autouse=True)\n@always\ndef _before():\n    np.random.seed(7)\n",
        "import sys\nSIZE_1 = 7\nVALUE = getattr(sys.modules[__name__], f'SIZE_{1}')\n",
        "import builtins\nSIZE_1 = 7\nVALUE = builtins.eval('SIZE_' + '1')\n",
        "SIZE_1 = 7\ndef VALUE(n):\n    return VALUE.__globals__[f'SIZE_{n}']\n",
        "@pytest.fixture\ndef data(request):\n    return getattr(request.module, f'SIZE_{1}')\nSIZE_1 = 7\n",
    ],
)
def test_it_matters(tmp_path: Path, text: str) -> None:
    assert matters(tmp_path, text + CHECK)


@pytest.mark.parametrize(
    "text",
    [
        "VALUE = 3\nOTHER = 7\n",
        "VALUE = 3\n'A word of 7.'\n",
        "def VALUE():\n    '''Seven is 7.'''\n    return 3\n",
        "VALUE = 3\nHEAVY = 7\n@pytest.mark.grade('check_it', weight=HEAVY)\n",
        "VALUE = 3\nSIZES = np.arange(7)\ndef test_other(student):\n    student.it(SIZES)\n",
        "VALUE = 3\n@pytest.mark.parametrize('n', [7])\ndef test_other(n):\n    pass\n",
    ],
)
def test_it_does_not_matter(tmp_path: Path, text: str) -> None:
    assert not matters(tmp_path, text + CHECK)


def test_the_order_of_assignments_matters(tmp_path: Path) -> None:
    first, last, other = "VALUE = [1]\n", "VALUE = [2]\n", "SIZE = VALUE[0]\n"
    check = "def test_it(student):\n    student.it(VALUE, SIZE)\n"
    assert digest(tmp_path, first + last + other + check) != digest(tmp_path, first + other + last + check)


def test_a_check_made_by_a_call_depends_on_that_call(tmp_path: Path) -> None:
    made = "def made(n):\n    return lambda student: student.it(n)\nglobals()['test_it'] = made(7)\n"
    assert matters(tmp_path, made)


@pytest.mark.parametrize("use", ["", "open('x')\n    "])
def test_what_a_helper_file_imports_counts(tmp_path: Path, use: str) -> None:
    text = f"from test_helpers import case\ndef test_it(student):\n    {use}student.it(case)\n"
    (tmp_path / "test_helpers.py").write_text("from test_more import case\n")
    (tmp_path / "test_more.py").write_text("case = 1\n")
    before = digest(tmp_path, text)
    (tmp_path / "test_more.py").write_text("case = 2\n")
    assert digest(tmp_path, text) != before


def test_what_conftest_imports_counts_for_every_check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "def test_it(student):\n    student.it()\n"
    (tmp_path / "conftest.py").write_text("from test_helpers import data\n")
    (tmp_path / "test_helpers.py").write_text("data = 1\n")
    before = digest(tmp_path, text)
    (tmp_path / "test_helpers.py").write_text("data = 2\n")
    assert digest(tmp_path, text) != before


@pytest.mark.parametrize(
    "text",
    [
        "try:\n    import nowhere_at_all as module\nexcept ImportError:\n    module = None\n",
        "module = pytest.importorskip('nowhere_at_all')\n",
    ],
)
def test_a_library_that_is_not_installed_counts_once_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    check = "def test_it(student):\n    student.it(module)\n"
    before = digest(tmp_path, text + check)
    monkeypatch.setattr("tinytorch.grading.checks.imported.library", lambda top: f"{top} 1")
    assert digest(tmp_path, text + check) != before
