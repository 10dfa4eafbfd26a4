"""The size from which stores that bypass the caches are faster."""

from __future__ import annotations

from functools import cache

from tinytorch.hardware.card import card

STREAM_AT_LATEST_BYTES = 32 * 2**20  # an assumption: a larger last-level cache is shared, and not all of it is ours


@cache
def streaming_pays_from() -> int:
    """Returns the bytes, read and written together, from which on a kernel should bypass the caches.

    Half of the last-level cache, as detected: other cores and the caller's own data need the rest. At most
    STREAM_AT_LATEST_BYTES, also where no such cache was detected.
    """
    last_level = card().l3_bytes.value
    return min(last_level // 2, STREAM_AT_LATEST_BYTES) if last_level else STREAM_AT_LATEST_BYTES
