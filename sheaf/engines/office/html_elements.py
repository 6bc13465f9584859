"""What a web page says of itself, and its parts that a job leaves out or wants shown.

There is no browser here: a style counts where it stands in the element itself.
"""

import codecs
import re
from typing import Any

from sheaf.contracts.documents import ParseOptions
from sheaf.engines.detection.charset import decoded_markup

NAVIGATION = "nav, aside, footer, [role=navigation], [role=complementary], [role=contentinfo]"
_FIXED = re.compile(r"position\s*:\s*(fixed|sticky)", re.IGNORECASE)
_HIDING = re.compile(r"(display\s*:\s*none|visibility\s*:\s*hidden)[^;]*;?", re.IGNORECASE)


def prepared(data: bytes, options: ParseOptions) -> bytes:
    """Return a page as it is to be converted, in UTF-8: xberg takes every other charset for it."""
    text = decoded_markup(data).text
    if options.skip_navigation or options.skip_fixed or options.all_visible:
        text = _without(text, options)
    # The mark goes before what the page says of its charset, which is no longer true.
    return codecs.BOM_UTF8 + text.encode("utf-8", "replace")


def described(page: bytes) -> dict[str, str]:
    """Return title, author and subject as the head of a prepared page names them, where it does."""
    from selectolax.lexbor import LexborHTMLParser

    tree = LexborHTMLParser(page.decode("utf-8-sig", "replace"))
    title = tree.css_first("head > title")
    found = {"title": title.text() if title else ""}
    for name, meta in (("author", "author"), ("subject", "description")):
        node = tree.css_first(f'head > meta[name="{meta}" i]')
        found[name] = (node.attributes.get("content") if node else None) or ""
    return {name: " ".join(text.split()) for name, text in found.items() if text.strip()}


def _without(text: str, options: ParseOptions) -> str:
    from selectolax.lexbor import LexborHTMLParser

    page = LexborHTMLParser(text)
    if options.skip_navigation:
        for node in page.css(NAVIGATION):
            node.decompose()
    for node in page.css("[style], [hidden]"):
        style = node.attributes.get("style") or ""
        if options.skip_fixed and _FIXED.search(style):
            node.decompose()
        elif options.all_visible:
            _show(node.attrs, style)
    return page.html or ""


def _show(attributes: Any, style: str) -> None:
    """Take away what hides an element."""
    if "hidden" in attributes:
        del attributes["hidden"]
    if _HIDING.search(style):
        attributes["style"] = _HIDING.sub("", style)
