"""Float32 products: squares, awkward shapes, vectors, blocks, two threads, other BLAS kernels."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from . import oracle
from .bars import Bar
from .case import Case, Race

SQUARES = (512, 1024, 2048)
AWKWARD = ((1023, 517, 769), (4096, 64, 64), (64, 4096, 4096))  # M, K, N
VECTORS = ((1, 4096, 4096), (4096, 4096, 1))
QUICK_OPERATIONS = 3e9


def operands(M: int, K: int, N: int) -> tuple[np.ndarray, np.ndarray]:
    """Random float32 matrices (M, K) and (K, N)."""
    rng = np.random.default_rng([M, K, N])
    return rng.standard_normal((M, K), dtype=np.float32), rng.standard_normal((K, N), dtype=np.float32)


def race(kernel: str, shape: tuple[int, int, int], **settings: int) -> Race:
    """A kernel of the package against A @ B."""
    from tinytorch.core import kernels

    multiply: Callable[..., np.ndarray] = getattr(kernels, kernel)
    A, B = operands(*shape)
    return Race(partial(multiply, A, B, **settings), lambda: A @ B, oracle.product(A, B))


def case(kernel: str, shape: tuple[int, int, int], bar: Bar, **more: object) -> Case:
    """The case of a kernel at M x K x N; one size stands for a square."""
    M, K, N = shape
    size = str(M) if M == K == N else f"{M}x{K}x{N}"
    words = {"group": "float32 product", "what": f"{kernel} {size}", "against": "A @ B"} | more
    quick = 2 * M * K * N < QUICK_OPERATIONS
    return Case(f"{kernel}-{size}", make=partial(race, kernel, shape), bar=bar, quick=quick, **words)


def plain() -> list[Case]:
    """`matmul_simd` against NumPy on one thread."""
    square = Bar(1.8, 0.9, against_wide=0.97, blas=True)
    awkward = Bar(1.4, 0.9, blas=True)
    vector = Bar(0.95, 0.9, against_wide=0.95, blas=True)
    return [
        *(case("matmul_simd", (n, n, n), square) for n in SQUARES),
        *(case("matmul_simd", shape, awkward) for shape in AWKWARD),
        *(case("matmul_simd", shape, vector) for shape in VECTORS),
    ]


def blocked() -> list[Case]:
    """The blocked product, with the block size that a caller who names none gets."""
    bar = Bar(1.05, None, blas=True)
    return [case("cache_friendly_matmul", (n, n, n), bar, group="blocked product") for n in (512, 1024)]


def against_wide_blas() -> list[Case]:
    """`matmul_simd` against OpenBLAS made to use its AVX-512 kernels."""
    bar = Bar(0.97, None, against_wide=0.97, blas=True)
    words = {"group": "product against AVX-512 BLAS", "setting": "BLAS kernels for AVX-512"}
    return [case("matmul_simd", (n, n, n), bar, **words) for n in SQUARES]


def two_threads() -> list[Case]:
    """Two threads against NumPy's two, each side in a process of its own."""
    bar = Bar(1.7, 0.9, blas=True)
    words = {"group": "product on two threads", "setting": "two threads"}
    found = []
    for n in SQUARES:
        two = partial(race, "parallel_matmul", (n, n, n), num_workers=2)
        found.append(
            Case(f"parallel_matmul-{n}", what=f"parallel_matmul {n}, 2 workers", against="A @ B on 2 threads",
                 make=two, bar=bar, quick=n < 2048, **words)
        )  # fmt: skip
    return found


def cases() -> list[Case]:
    """All of them."""
    return [*plain(), *blocked(), *against_wide_blas(), *two_threads()]
