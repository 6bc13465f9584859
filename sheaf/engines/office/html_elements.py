"""What a web page says of itself, and its parts that a job leaves out or wants shown.

There is no browser here: a style counts where it stands in the element itself.
"""

import codecs
import re
from typing import Any

from sheaf.contracts.documents import ParseOptions
from sheaf.engines.detection.charset import decoded_markup
from sheaf.engines.office.html_nesting import MAX_CHARACTERS, is_tangled, untangled

NAVIGATION = "nav, aside, footer, [role=navigation], [role=complementary], [role=contentinfo]"
WRAPPED = 'a[href^="data:" i], svg'
"""Elements whose address or drawing an engine writes out as letters."""
DRAWN_TEXT = "text, title, desc, foreignObject"
_FIXED = re.compile(r"position\s*:\s*(fixed|sticky)", re.IGNORECASE)
_HIDING = re.compile(r"(display\s*:\s*none|visibility\s*:\s*hidden)[^;]*;?", re.IGNORECASE)


def prepared(data: bytes, options: ParseOptions) -> tuple[bytes, list[str]]:
    """Return a page as it is to be converted, in UTF-8, and what could not be kept of it.

    xberg takes every other charset for UTF-8.
    """
    found = decoded_markup(data)
    text, warnings = readable(found.text, options)
    # The mark goes before what the page says of its charset, which is no longer true.
    return codecs.BOM_UTF8 + text.encode("utf-8", "replace"), [*found.warnings, *warnings]


def readable(text: str, options: ParseOptions) -> tuple[str, list[str]]:
    """Return the source of a page as an engine reads it whole, and what it does not read."""
    from selectolax.lexbor import LexborHTMLParser

    page = LexborHTMLParser(text)
    wrapped = page.css(WRAPPED)
    for node in wrapped:
        _unwrap(node)
    if options.skip_navigation or options.skip_fixed or options.all_visible:
        _leave_out(page, options)
    if wrapped or options.skip_navigation or options.skip_fixed or options.all_visible:
        text = page.html or ""
    warnings = []
    if is_tangled(page):
        if len(text) > MAX_CHARACTERS:
            warnings.append("parts of this page that are nested too deeply are not read")
        else:
            text = untangled(page)
    return text, warnings


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


def _unwrap(node: Any) -> None:
    """Leave the words of a link to bytes within the page, or of a drawing."""
    if node.tag == "a":
        del node.attrs["href"]
        return
    words = [" ".join(one.text().split()) for one in node.css(DRAWN_TEXT)]
    node.replace_with(" ".join(filter(None, dict.fromkeys(words))))


def _leave_out(page: Any, options: ParseOptions) -> None:
    if options.skip_navigation:
        for node in page.css(NAVIGATION):
            node.decompose()
    for node in page.css("[style], [hidden]"):
        style = node.attributes.get("style") or ""
        if options.skip_fixed and _FIXED.search(style):
            node.decompose()
        elif options.all_visible:
            _show(node.attrs, style)


def _show(attributes: Any, style: str) -> None:
    """Take away what hides an element."""
    if "hidden" in attributes:
        del attributes["hidden"]
    if _HIDING.search(style):
        attributes["style"] = _HIDING.sub("", style)
