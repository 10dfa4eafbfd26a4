"""Markdown to HTML for pages that show students' answers; no HTML that a student wrote is run.

nbgrader's templates for feedback and formgrader pass over nbconvert's own `sanitize_html` for markdown, so the
filter they use is replaced.
"""

from __future__ import annotations

import re

import bleach
from jinja2 import pass_context
from jinja2.runtime import Context
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

_INLINE = {"a", "abbr", "b", "br", "code", "del", "em", "i", "img", "kbd", "s", "span", "strong", "sub", "sup"}
_BLOCKS = {"blockquote", "div", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p", "pre", "ul"}
_TABLES = {"caption", "table", "tbody", "td", "tfoot", "th", "thead", "tr"}
_TAGS = frozenset(_INLINE | _BLOCKS | _TABLES)
_ATTRIBUTES = frozenset({"alt", "class", "colspan", "height", "id", "rowspan", "title", "width"})
_PROTOCOLS = frozenset({"http", "https", "mailto", "data"})
_PICTURE = re.compile(r"data:image/(png|jpeg|gif);base64,[A-Za-z0-9+/=\s]*")


@pass_context
def markdown2html(context: Context, source: str) -> str:
    """The Jinja filter of that name, with everything that could run or load something taken out."""
    cell = context.get("cell") or {}
    renderer = IPythonRenderer(escape=False, attachments=cell.get("attachments", {}))
    return clean(MarkdownWithMath(renderer=renderer).render(source))


def clean(page: str) -> str:
    """HTML without scripts, handlers, forms, frames, or pictures from elsewhere."""
    return str(bleach.clean(page, tags=_TAGS, attributes=_allowed, protocols=_PROTOCOLS, strip=True))


def _allowed(tag: str, name: str, value: str) -> bool:
    if tag == "a" and name == "href":
        return not value.strip().lower().startswith("data")
    if tag == "img" and name == "src":
        return _PICTURE.fullmatch(value) is not None
    return name in _ATTRIBUTES
