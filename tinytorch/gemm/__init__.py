"""The given parts of the matrix products: operands, blocks, packed panels, tiles, and their memory.

    operands.py   the types and layouts that compiled loops take
    blocks.py     the product of three blocks that are in the cache, for `cache_friendly_matmul`
    pack.py       blocks of A and B copied into the order in which a register tile reads them
    tile.py       a finished tile of C: prefetch, overwrite or add, cut off at the edges
    rows.py       a matrix times a vector, a vector times a matrix
    products.py   the loops around a register tile, and the memory for packing that a thread keeps
    memory.py     room that begins where a vector may
    int8.py, int8_pack.py, int8_rows.py, codes.py   the same for integers, for lesson 05

Compiled functions here are cached where the package is installed: a notebook that calls them compiles its own only.
"""

from tinytorch.gemm.blocks import add_block, add_block_plain
from tinytorch.gemm.operands import kernel_input, loop_dtype, run_loops
from tinytorch.gemm.pack import BLOCK_COLUMNS, BLOCK_ROWS, BLOCK_TERMS, TILE_ROWS
from tinytorch.gemm.products import multiply_in_blocks
from tinytorch.gemm.tile import add_product, prefetch_tile, write_tile

__all__ = [
    "BLOCK_COLUMNS",
    "BLOCK_ROWS",
    "BLOCK_TERMS",
    "TILE_ROWS",
    "add_block",
    "add_block_plain",
    "add_product",
    "kernel_input",
    "loop_dtype",
    "multiply_in_blocks",
    "prefetch_tile",
    "run_loops",
    "write_tile",
]
