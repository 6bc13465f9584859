"""Web pages as people send them: nested deeply, laid out by tables, with pictures inside."""

import re

import pytest

from sheaf.engines.office.html_nesting import MAX_DEPTH
from tests.unit.engines import samples
from tests.unit.engines.conftest import Parse, document_of

CHAINS = {
    "blocks": ("<div>", "</div>"),
    "replies": ("<blockquote>", "</blockquote>"),
    "lists": ("<ul><li>", "</li></ul>"),
    "tables": ("<table><tr><td>", "</td></tr></table>"),
    "fonts": ("<font color=red>", "</font>"),
    "mixed": ("<section><span><ol><li>", "</li></ol></span></section>"),
    "unclosed": ("<div><b>", ""),
}


async def markdown(parse: Parse, page: str, name: str = "a.html") -> str:
    document = document_of(await parse(page.encode(), name))
    assert document.warnings == ()
    return document.pages[0].md


@pytest.mark.parametrize("chain", CHAINS)
@pytest.mark.parametrize("depth", [30, 65, MAX_DEPTH + 1, 450, 2500])
async def test_no_text_is_too_deep(parse: Parse, chain: str, depth: int) -> None:
    begin, end = CHAINS[chain]
    page = f"<!DOCTYPE html><html><body><p>Top</p>{begin * depth}Deep down{end * depth}<p>Low</p>"
    md = await markdown(parse, page)
    assert "Deep down" in md
    assert md.index("Top") < md.index("Deep down")
    assert end == "" or md.index("Deep down") < md.index("Low")


async def test_words_of_every_level_of_a_deep_chain_are_there_once_and_apart(parse: Parse) -> None:
    levels = [f"<blockquote><p>level{at}</p>tail{at}" for at in range(300)]
    md = await markdown(parse, "<html><body>" + "".join(levels) + "</blockquote>" * 300)
    words = re.findall(r"\w+", md)
    assert words == [word for at in range(300) for word in (f"level{at}", f"tail{at}")]


async def test_a_table_at_the_bottom_of_a_deep_layout_keeps_its_cells(parse: Parse) -> None:
    begin, end = CHAINS["tables"]
    data = "<table><tr><th>Item</th><th>Sum</th></tr><tr><td>Oak</td><td>7</td></tr></table>"
    for depth in (2, 50, 200):
        md = await markdown(parse, f"<html><body>{begin * depth}Words{data}{end * depth}")
        assert re.search(r"^\| Oak +\| 7 +\|$", md, re.MULTILINE), md


async def test_a_table_that_only_lays_others_out_becomes_blocks(parse: Parse) -> None:
    inner = "<table><tr><td>Chair</td><td>40</td></tr><tr><td>Table</td><td>120</td></tr></table>"
    page = (
        f"<html><body><table><tr><td>Invoice 12</td></tr><tr><td>{inner}</td></tr>"
        "<tr><td>Regards</td><td>Ann</td></tr></table>"
    )
    md = await markdown(parse, page)
    assert [line for line in md.splitlines() if line and "---" not in line] == [
        "Invoice 12",
        "| Chair | 40  |",
        "| Table | 120 |",
        "Regards",
        "Ann",
    ]
    assert "\\|" not in md


async def test_a_table_of_data_keeps_its_cells_around_a_small_one(parse: Parse) -> None:
    rows = "".join(f"<tr><td>region {at}</td><td>{at}00 chairs</td></tr>" for at in range(6))
    small = "<table><tr><td>red</td><td>blue</td></tr></table>"
    page = f"<html><body><table>{rows}<tr><td>colours</td><td>{small}</td></tr></table>"
    md = await markdown(parse, page)
    assert re.search(r"^\| region 3 +\| 300 chairs +\|$", md, re.MULTILINE)
    assert re.search(r"^\| colours +\| red +blue +\|$", md, re.MULTILINE)


async def test_pictures_and_files_within_a_page_are_no_text(parse: Parse) -> None:
    data = "QUFB" * 5000
    page = (
        f'<html><body><p>Before</p><img alt="logo" src="data:image/png;base64,{data}">'
        f'<p><a href="data:application/pdf;base64,{data}">deed</a></p>'
        f'<svg><title>Sales</title><path d="{data}"/><text>up by 7</text></svg><p>After</p>'
    )
    md = await markdown(parse, page)
    assert "QUFBQUFB" not in md
    assert "base64" not in md
    assert re.findall(r"\w+", md) == [
        *("Before", "logo", "deed", "Sales", "up", "by", "7", "After")
    ]


async def test_the_html_of_a_mail_is_read_as_deep_as_a_page(parse: Parse) -> None:
    begin, end = CHAINS["tables"]
    part = f"Content-Type: text/html\n\n<html><body>{begin * 90}Deep offer{end * 90}</body></html>"
    document = document_of(await parse(samples.mail(part), "a.eml"))
    assert "Deep offer" in document.pages[0].md


async def test_a_page_whose_charset_was_named_before_keeps_its_letters(parse: Parse) -> None:
    html = '<html><head><meta charset="gb2312"></head><body><p>對帳單 Grüße</p></body></html>'
    part = "Content-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n" + html
    document = document_of(await parse(samples.mail(part), "a.eml"))
    assert "對帳單 Grüße" in document.pages[0].md


async def test_xhtml_is_a_page(parse: Parse) -> None:
    page = (
        '<?xml version="1.0" encoding="iso-8859-1"?>\n<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML">'
        '<html xmlns="http://www.w3.org/1999/xhtml"><body><h1>Grüße</h1><p>a<br/>b</p>'
        "</body></html>"
    )
    document = document_of(await parse(page.encode("latin-1"), "a.xhtml"))
    assert document.media_type == "text/html"
    assert document.pages[0].md.startswith("# Grüße")
