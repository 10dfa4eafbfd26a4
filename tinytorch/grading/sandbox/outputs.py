"""Outputs that a student process reports for its cells, rebuilt from the fields that an output may have."""

from __future__ import annotations

import json
from typing import Any

from tinytorch.text import clean_text

_KEPT_TYPES = frozenset({"text/plain", "image/png", "image/jpeg"})
_MAX_OUTPUTS = 500


def clean_outputs(outputs: object, limit_chars: int) -> tuple[dict[str, Any], ...]:
    """The outputs that a student process reported, rebuilt from the fields an nbformat output may have.

    Those beyond the limit are dropped: a process that kept to its own limits stays well below it.
    """
    if not isinstance(outputs, list):
        return ()
    cleaned: list[dict[str, Any]] = []
    for output in outputs[:_MAX_OUTPUTS]:
        clean = _clean(output) if isinstance(output, dict) else None
        limit_chars -= len(json.dumps(clean))
        if clean is not None and limit_chars >= 0:
            cleaned.append(clean)
    return tuple(cleaned)


def _clean(output: dict[str, Any]) -> dict[str, Any] | None:
    match output:
        case {"output_type": "stream", "text": str() as text}:
            name = "stderr" if output.get("name") == "stderr" else "stdout"
            return {"output_type": "stream", "name": name, "text": clean_text(text, len(text))}
        case {"output_type": "error", "traceback": list() as lines}:
            return {
                "output_type": "error",
                "ename": clean_text(output.get("ename"), 200),
                "evalue": clean_text(output.get("evalue"), 2000),
                "traceback": [clean_text(line, 20_000) for line in lines[:500]],
            }
        case {"output_type": "display_data" | "execute_result" as kind, "data": dict() as data}:
            texts = {mime: clean_text(text, len(text)) for mime, text in data.items() if _is_shown(mime, text)}
            result: dict[str, Any] = {"output_type": kind, "data": texts, "metadata": {}}
            if kind == "execute_result":
                count = output.get("execution_count")
                result["execution_count"] = count if type(count) is int else None
            return result
    return None


def _is_shown(mime: object, text: object) -> bool:
    return mime in _KEPT_TYPES and isinstance(text, str)
