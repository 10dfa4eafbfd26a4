"""Fast kernels: timing, matrix products, vectorisation, threads, quantisation and their analysis.

Each module is exported from the lesson of its name; this file, written by hand, gathers what a user of them calls.
"""

from tinytorch.core.kernels.analysis import KernelOptimizationAnalyzer, comprehensive_kernel_analysis
from tinytorch.core.kernels.matmul import (
    analyze_matmul_scaling,
    cache_friendly_matmul,
    matmul_baseline,
    matmul_naive,
    matmul_simd,
)
from tinytorch.core.kernels.parallelism import (
    analyze_parallel_scaling,
    parallel_batch_processing,
    parallel_matmul,
    parallel_relu,
)
from tinytorch.core.kernels.quantization import (
    analyze_quantization_impact,
    dequantize,
    integer_matmul,
    quantize,
    quantized_matmul,
    quantized_relu,
)
from tinytorch.core.kernels.timing import analyze_timing_overhead, time_kernel
from tinytorch.core.kernels.vectorization import (
    analyze_vectorization_performance,
    fused_relu_bias,
    vectorized_operations,
    vectorized_relu,
)

__all__ = [
    "KernelOptimizationAnalyzer",
    "analyze_matmul_scaling",
    "analyze_parallel_scaling",
    "analyze_quantization_impact",
    "analyze_timing_overhead",
    "analyze_vectorization_performance",
    "cache_friendly_matmul",
    "comprehensive_kernel_analysis",
    "dequantize",
    "fused_relu_bias",
    "integer_matmul",
    "matmul_baseline",
    "matmul_naive",
    "matmul_simd",
    "parallel_batch_processing",
    "parallel_matmul",
    "parallel_relu",
    "quantize",
    "quantized_matmul",
    "quantized_relu",
    "time_kernel",
    "vectorized_operations",
    "vectorized_relu",
]
