"""Messages that Outlook has made: .msg files, winmail.dat, and HTML inside of RTF."""

import base64

import compressed_rtf
import pytest

from sheaf.contracts.failures import FailureKind
from tests.unit.engines import outlook_samples as outlook
from tests.unit.engines import samples
from tests.unit.engines.conftest import Parse, document_of, failure_of

SUBJECT, SENDER, SMTP, TO, BODY, HTML, RTF = 0x37, 0xC1A, 0x5D01, 0xE04, 0x1000, 0x1013, 0x1009
CLASS, CODEPAGE, SENT = 0x1A, 0x3FFD, 0x00390040
DATA, NAME, METHOD = 0x3701, 0x3707, 0x3705
STYLED = (
    "<html><head><style>@font-face {font-family:Calibri; panose-1:2 15}</style></head><body>"
    "<p>We meet at noon.</p><table><tr><th>Item</th><th>Sum</th></tr><tr><td>Oak</td><td>7</td>"
    "</tr></table></body></html>"
)
ENCAPSULATED = (
    rb"{\rtf1\ansi\ansicpg1251\fromhtml1 \deff0{\fonttbl{\f0\fswiss Arial;}"
    rb"{\f1\fcharset238 Arial;}}{\colortbl\red0;}"
    rb"{\*\htmltag64 <p>}\htmlrtf {\htmlrtf0 \'cf\'f0\'e8\'e2\'e5\'f2 \u8364? "
    rb"\htmlrtf hidden twin\htmlrtf0 {\f1\'b3\'f3d\'9f}{\*\htmltag72 </p>}{\*\mhtmltag64 <p>}"
    rb"\htmlrtf }\htmlrtf0 {\*\htmltag64 <b>}bold\'2e{\*\htmltag64 </b>}}"
)


async def test_a_message_has_its_headers_and_no_styles(parse: Parse) -> None:
    noon = 13_400_000_000 * 10_000_000
    data = outlook.msg(
        {
            SUBJECT: "Lunch",
            SENDER: "Ann",
            SMTP: "ann@example.org",
            TO: "Bob",
            BODY: "",
            HTML: STYLED.encode(),
            SENT: noon,
            CLASS: "IPM.Note",
        }
    )
    document = document_of(await parse(data, "a.msg"))
    assert document.pages[0].md.splitlines()[:4] == [
        "# Lunch",
        "",
        "**From:** Ann <ann@example.org>  ",
        "**To:** Bob  ",
    ]
    assert "2025-08-18 14:13 UTC" in document.pages[0].md
    assert "| Oak | 7 |" in " ".join(document.pages[0].md.split())
    assert "panose" not in document.pages[0].md
    assert document.warnings == ()


async def test_recipients_are_told_apart(parse: Parse) -> None:
    people = [("Bob", 1), ("Cid", 2), ("Dan", 3)]
    parts = [
        (
            f"__recip_version1.0_#{at:08}",
            outlook.storage({0x3001: name, 0x39FE: f"{name}@example.org", 0xC15: kind}),
        )
        for at, (name, kind) in enumerate(people)
    ]
    text = document_of(await parse(outlook.msg({BODY: "x"}, *parts), "a.msg")).pages[0].text
    assert "To: Bob <Bob@example.org>\nCc: Cid <Cid@example.org>\nBcc: Dan" in text


@pytest.mark.parametrize(("page", "charset"), [(1251, "cp1251"), (932, "cp932"), (65001, "utf-8")])
async def test_texts_of_8_bits_are_in_the_code_page_of_the_message(
    parse: Parse, page: int, charset: str
) -> None:
    words = {"cp932": "会議は中止です"}.get(charset, "Совещание отменено")
    raw = words.encode(charset)
    data = outlook.msg({0x0037001E: raw, 0x1000001E: raw, CODEPAGE: page})
    assert document_of(await parse(data, "a.msg")).pages[0].text == f"Subject: {words}\n\n{words}"


@pytest.mark.parametrize("is_compressed", [True, False])
async def test_html_that_rtf_encapsulates_is_read(parse: Parse, *, is_compressed: bool) -> None:
    packed = compressed_rtf.compress(ENCAPSULATED, compressed=is_compressed)
    document = document_of(await parse(outlook.msg({RTF: packed}), "a.msg"))
    assert document.pages[0].md == "Привет € łódź\n\n**bold.**"


async def test_rtf_that_is_a_document_of_its_own_is_read(parse: Parse) -> None:
    packed = compressed_rtf.compress(rb"{\rtf1\ansi{\fonttbl{\f0 Arial;}}\f0 Own \b words\b0.\par}")
    document = document_of(await parse(outlook.msg({RTF: packed}), "a.msg"))
    assert "Own" in document.pages[0].text
    assert "words" in document.pages[0].text


async def test_a_body_that_cannot_be_unpacked_is_a_warning(parse: Parse) -> None:
    data = outlook.msg({SUBJECT: "s", RTF: b"\x40\0\0\0\x40\0\0\0LZFu\1\2\3\4broken"})
    document = document_of(await parse(data, "a.msg"))
    assert len(document.warnings) == 1
    assert "Body not read" in document.warnings[0]


async def test_attachments_are_read_and_a_message_inside_is_opened(parse: Parse) -> None:
    inner = outlook.storage({SUBJECT: "inner", BODY: "words inside"}, 24)
    parts: list[tuple[str, outlook.Tree]] = [
        (
            "__attach_version1.0_#00000000",
            outlook.storage({NAME: "sums.csv", DATA: b"a;b\n1;2\n", METHOD: 1}),
        ),
        (
            "__attach_version1.0_#00000001",
            outlook.storage({NAME: "old talk", METHOD: 5}) | {"__substg1.0_3701000D": inner},
        ),
        ("__attach_version1.0_#00000002", outlook.storage({NAME: "far.doc", METHOD: 7})),
    ]
    document = document_of(await parse(outlook.msg({BODY: "see below"}, *parts), "a.msg"))
    texts = [page.md for page in document.pages]
    assert "see below" in texts[0]
    assert "## sums.csv" in texts[1]
    assert "| 1 | 2 |" in texts[1]
    assert "## old talk" in texts[2]
    assert "words inside" in texts[2]
    assert [warning for warning in document.warnings if "far.doc" in warning]


async def test_what_is_no_letter_says_that_it_has_more_fields(parse: Parse) -> None:
    document = document_of(await parse(outlook.msg({CLASS: "IPM.Contact", SUBJECT: "A"}), "a.msg"))
    assert "IPM.Contact" in document.warnings[0]


async def test_a_broken_container_is_corrupt(parse: Parse) -> None:
    data = outlook.msg({SUBJECT: "s", BODY: "words"})
    kind, _ = failure_of(await parse(data[: len(data) // 2], "a.msg"))
    assert kind is FailureKind.CORRUPT


def winmail(*attributes: tuple[int, int, bytes]) -> bytes:
    packed = base64.encodebytes(outlook.tnef(*attributes)).decode()
    part = (
        "Content-Type: application/octet-stream\n"
        'Content-Disposition: attachment; filename="ATT0001.dat"\n'
        f"Content-Transfer-Encoding: base64\n\n{packed}"
    )
    return samples.mail("Content-Type: text/plain\n\n \n", part)


@pytest.mark.parametrize(
    "attributes",
    [
        [(1, 0x800C, b"words of the body\0")],
        [(1, 0x9003, outlook.mapi({0x8005: "named", BODY: "words of the body"}))],
        [(1, 0x9003, outlook.mapi({HTML: b"<p>words of <b>the</b> body</p>"}))],
        [(1, 0x9003, outlook.mapi({RTF: compressed_rtf.compress(rb"{\rtf1 words of the body}")}))],
    ],
)
async def test_the_text_and_the_files_of_a_winmail_dat_are_read(
    parse: Parse, attributes: list[tuple[int, int, bytes]]
) -> None:
    data = winmail(
        *attributes,
        (2, 0x9002, bytes(14)),
        (2, 0x8010, b"SUMS~1.CSV\0"),
        (2, 0x800F, b"a,b\n1,2\n"),
        (2, 0x9005, outlook.mapi({NAME: "sums of Jürgen.csv"})),
    )
    document = document_of(await parse(data, "a.eml"))
    assert "words of the body" in document.pages[0].text
    assert "## sums of Jürgen.csv" in document.pages[1].md
    assert "| 1 | 2 |" in document.pages[1].md


async def test_a_winmail_dat_alone_is_a_message(parse: Parse) -> None:
    data = outlook.tnef((1, 0x8004, b"Topic\0"), (1, 0x800C, b"alone\0"))
    assert document_of(await parse(data, "winmail.dat")).pages[0].text == "Subject: Topic\n\nalone"


async def test_a_broken_winmail_dat_is_named(parse: Parse) -> None:
    data = winmail((1, 0x800C, b"words\0"), (7, 0x1234, b"x"))
    document = document_of(await parse(data, "a.eml"))
    assert "ATT0001.dat" in document.warnings[0]
