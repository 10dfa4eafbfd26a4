"""The same vectors at every width, without the dot-product instruction, and without the compiler."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

NAMES = ("vectors", "rows", "groups", "convert")
FILES = [str(Path(__file__).parent / f"test_simd_{name}.py") for name in NAMES]
MODES = {
    "16 bytes": {"TINYTORCH_SIMD_BYTES": "16"},
    "32 bytes": {"TINYTORCH_SIMD_BYTES": "32"},
    "64 bytes": {"TINYTORCH_SIMD_BYTES": "64"},
    "32 registers": {"TINYTORCH_SIMD_REGISTERS": "32"},
    "no dot4": {"TINYTORCH_SIMD_DOT4": "0"},
    "16 bytes, no dot4": {"TINYTORCH_SIMD_BYTES": "16", "TINYTORCH_SIMD_DOT4": "0"},
    "no JIT": {"NUMBA_DISABLE_JIT": "1"},
}


def python(*args: str, **environment: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, *args], env={**os.environ, **environment}, capture_output=True, text=True, timeout=240
    )


@pytest.mark.parametrize("mode", MODES.values(), ids=MODES.keys())
def test_vectors_behave_the_same_in_this_mode(mode):
    run = python("-m", "pytest", "-q", "-p", "no:cacheprovider", *FILES, **mode)
    assert run.returncode == 0, run.stdout[-3000:] + run.stderr[-1000:]


@pytest.mark.parametrize("width", ["16", "32", "64"])
def test_forced_width_is_the_width(width):
    run = python("-c", "from tinytorch import simd; print(simd.BYTES, simd.W, simd.FORCED)", TINYTORCH_SIMD_BYTES=width)
    assert run.stdout.split() == [width, str(int(width) // 4), "True"]


def test_a_width_that_does_not_exist_is_refused():
    run = python("-c", "import tinytorch.simd", TINYTORCH_SIMD_BYTES="48")
    assert run.returncode == 1
    assert "must be 16 or 32 or 64" in run.stderr


def test_the_number_of_registers_can_be_forced():
    run = python("-c", "from tinytorch import simd; print(simd.REGISTERS, simd.FORCED)", TINYTORCH_SIMD_REGISTERS="32")
    assert run.stdout.split() == ["32", "True"]


def test_a_plain_cpu_gets_narrow_vectors_and_no_dot4():
    run = python("-c", "from tinytorch import simd; print(simd.BYTES, simd.HAS_DOT4)", NUMBA_CPU_NAME="generic")
    assert run.stdout.split() == ["16", "False"]


def test_a_processor_with_avx512_has_twice_the_registers():
    words = {"NUMBA_CPU_NAME": "znver4", "NUMBA_CPU_FEATURES": "+avx2,+fma,+avx512f,+avx512vl,+avx512vnni"}
    run = python("-c", "from tinytorch import simd; print(simd.BYTES, simd.REGISTERS, simd.HAS_DOT4)", **words)
    assert run.stdout.split() == ["64", "32", "True"]


def test_code_is_kept_on_disk_for_modules_and_not_for_notebooks(tmp_path):
    source = "from tinytorch import simd\n@simd.jit\ndef double(x):\n    return x + x\ndouble(1)\n"
    (tmp_path / "as_module.py").write_text(source)
    (tmp_path / "as_notebook.py").write_text(source)
    python("-c", f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import as_module", NUMBA_CACHE_DIR=str(tmp_path))
    assert list(tmp_path.rglob("*.nbi"))
    python(str(tmp_path / "as_notebook.py"), NUMBA_CACHE_DIR=str(tmp_path))
    assert [path for path in tmp_path.rglob("*.nbi") if "as_notebook" in path.name] == []
