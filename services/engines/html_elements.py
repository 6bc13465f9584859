"""Parts of a web page that a job leaves out or wants shown, before the page is converted.

There is no browser here: a style counts where it stands in the element itself.
"""

import codecs
import re
from typing import Any

from models.documents import ParseOptions
from services.engines.charset import decode

NAVIGATION = "nav, aside, footer, [role=navigation], [role=complementary], [role=contentinfo]"
_FIXED = re.compile(r"position\s*:\s*(fixed|sticky)", re.IGNORECASE)
_HIDING = re.compile(r"(display\s*:\s*none|visibility\s*:\s*hidden)[^;]*;?", re.IGNORECASE)


def prepared(data: bytes, options: ParseOptions) -> bytes:
    """Return a page as it is to be converted: the same bytes where nothing is asked for."""
    if not (options.skip_navigation or options.skip_fixed or options.all_visible):
        return data
    from selectolax.lexbor import LexborHTMLParser

    page = LexborHTMLParser(decode(data))
    if options.skip_navigation:
        for node in page.css(NAVIGATION):
            node.decompose()
    for node in page.css("[style], [hidden]"):
        style = node.attributes.get("style") or ""
        if options.skip_fixed and _FIXED.search(style):
            node.decompose()
        elif options.all_visible:
            _show(node.attrs, style)
    # The mark goes before what the page says of its charset, which is no longer true.
    return codecs.BOM_UTF8 + (page.html or "").encode("utf-8", "replace")


def _show(attributes: Any, style: str) -> None:
    """Take away what hides an element."""
    if "hidden" in attributes:
        del attributes["hidden"]
    if _HIDING.search(style):
        attributes["style"] = _HIDING.sub("", style)
