"""What is chosen and collected of the parts of a message."""

import base64
import quopri

import pytest

from tests.unit.engines import samples
from tests.unit.engines.conftest import Parse, document_of

STUB = "Please open this letter in a newer program."
LETTER = (
    "Twelve oak chairs at 45.90 each, delivered to Bergen before May ends. The varnish is free of "
    "solvents, and the seats may be sent back within two weeks."
)
OFFER = f"<h1>Offer 88</h1><p>{LETTER}</p>"


def part(kind: str, body: str, **headers: str) -> str:
    more = "".join(f"{name.replace('_', '-')}: {value}\n" for name, value in headers.items())
    return f"Content-Type: {kind}\n{more}\n{body}"


def several(kind: str, *parts: str, edge: str = "inner") -> str:
    body = "".join(f"--{edge}\n{one}\n" for one in parts)
    return f'Content-Type: multipart/{kind}; boundary="{edge}"\n\n{body}--{edge}--\n'


def message(top: str, headers: str = samples.GREETING) -> bytes:
    return f"{headers}\nMIME-Version: 1.0\n{top}".encode()


def attached(name: str, body: str, kind: str = "application/octet-stream") -> str:
    return part(kind, body, Content_Disposition=f'attachment; filename="{name}"')


async def read(parse: Parse, data: bytes, name: str = "a.eml") -> tuple[str, tuple[str, ...]]:
    document = document_of(await parse(data, name))
    return "\n\n".join(page.md for page in document.pages), document.warnings


async def test_a_plain_stub_gives_way_to_the_html_it_stands_for(parse: Parse) -> None:
    for plain in (STUB, "", "View online: https://example.org/a/b/c?d=e"):
        twins = several("alternative", part("text/plain", plain), part("text/html", OFFER))
        md, _ = await read(parse, message(twins))
        assert "# Offer 88" in md
        assert STUB not in md


async def test_of_the_same_text_the_plain_one_is_kept(parse: Parse) -> None:
    plain = f"Offer 88\n\n{LETTER}"
    twins = several("alternative", part("text/plain", plain), part("text/html", OFFER))
    md, _ = await read(parse, message(twins))
    assert md.count("Twelve oak chairs") == 1
    assert "# Offer 88" not in md


async def test_renderings_that_say_different_things_are_both_kept(parse: Parse) -> None:
    plain = "The board has met on Tuesday and decided that the old mill is to be sold in autumn."
    twins = several("alternative", part("text/plain", plain), part("text/html", OFFER))
    md, _ = await read(parse, message(twins))
    assert "old mill" in md
    assert "Twelve oak chairs" in md


@pytest.mark.parametrize("inside", ["mixed", "related"])
async def test_what_is_attached_to_an_alternative_is_collected(parse: Parse, inside: str) -> None:
    rich = several(
        inside,
        part("text/html", "<p>Good morning, Bob.</p>"),
        attached("a.csv", "x,y\n1,2\n"),
        part("text/html", "<p>Regards from the whole northern branch of Ann</p>"),
        edge="deep",
    )
    twins = several("alternative", part("text/plain", "Good morning, Bob."), rich)
    md, warnings = await read(parse, message(twins))
    assert "## a.csv" in md
    assert "| 1 | 2 |" in md
    assert "northern branch" in md
    assert warnings == ()


async def test_pictures_within_the_text_are_named_once(parse: Parse) -> None:
    pictures = [
        part("image/png", "x", Content_ID=f"<{at}>", Content_Disposition=f'inline; filename="{at}"')
        for at in range(14)
    ]
    rich = several("related", part("text/html", "<p>Hello</p>"), *pictures, edge="deep")
    _, warnings = await read(parse, message(rich))
    assert len(warnings) == 1
    assert "0, 1, 2" in warnings[0]
    assert "and 4 more" in warnings[0]


INVITATION = (
    "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nBEGIN:VTIMEZONE\r\nBEGIN:STANDARD\r\n"
    "DTSTART:19701025T030000\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\nBEGIN:VEVENT\r\n"
    "SUMMARY;LANGUAGE=en:Stock\r\n  taking\\, part two\r\n"
    'ATTENDEE;CN="Doe: Jo";ROLE=CHAIR:mailto:j@example.org\r\n'
    "DTSTART;TZID=Europe/Berlin:20260310T090000\r\nDTEND;VALUE=DATE:20260311\r\n"
    "DESCRIPTION:Bring keys\\nand lamps\r\nBEGIN:VALARM\r\nDESCRIPTION:beep\r\nEND:VALARM\r\n"
    "END:VEVENT\r\nEND:VCALENDAR\r\n"
)
SHOWN = """Event:
Summary: Stock taking, part two
Attendee: Doe: Jo <j@example.org>
Start: 2026-03-10 09:00 Europe/Berlin
End: 2026-03-11
Description: Bring keys
and lamps"""


async def test_an_invitation_is_shown_once_however_often_it_came(parse: Parse) -> None:
    twins = several(
        "alternative", part("text/plain", "Join us"), part("text/calendar", INVITATION), edge="deep"
    )
    data = message(several("mixed", twins, attached("invite.ics", INVITATION, "application/ics")))
    document = document_of(await parse(data, "a.eml"))
    assert len(document.pages) == 1
    assert "Join us" in document.pages[0].text
    assert document.pages[0].text.endswith(SHOWN)


async def test_a_calendar_is_read_where_nothing_else_is(parse: Parse) -> None:
    for top in (
        part("text/calendar; method=REQUEST", INVITATION),
        several("alternative", part("text/calendar; name=a.ics", INVITATION)),
        several("mixed", attached("a.ics", INVITATION)),
    ):
        md, _ = await read(parse, message(top))
        assert SHOWN in md


INNER = "From: c@example.org\nSubject: Inner\nContent-Type: text/plain\n\nThe inner words: 5150."


@pytest.mark.parametrize("encoding", ["7bit", "base64", "quoted-printable"])
async def test_a_message_inside_is_opened_in_whatever_encoding(parse: Parse, encoding: str) -> None:
    body = {
        "7bit": INNER,
        "base64": base64.encodebytes(INNER.encode()).decode(),
        "quoted-printable": quopri.encodestring(INNER.encode()).decode(),
    }[encoding]
    inner = part("message/rfc822", body, Content_Transfer_Encoding=encoding)
    md, warnings = await read(parse, samples.mail(part("text/plain", "See below."), inner))
    assert "# Inner" in md
    assert "The inner words: 5150." in md
    assert warnings == ()


@pytest.mark.parametrize("kind", ["multipart/mixed", 'multipart/alternative; boundary="other"'])
async def test_a_boundary_that_is_missing_or_untrue_is_found(parse: Parse, kind: str) -> None:
    body = f"--_real\n{part('text/plain', 'First half.')}\n--_real\n{attached('b.csv', 'p,q')}"
    md, _ = await read(parse, message(f"Content-Type: {kind}\n\n{body}\n--_real--\n"))
    assert "First half." in md
    assert "| p | q |" in md
    assert "_real" not in md


async def test_a_multipart_without_any_boundary_is_text(parse: Parse) -> None:
    md, _ = await read(parse, message("Content-Type: multipart/mixed\n\nJust words."))
    assert "Just words." in md


async def test_reports_say_what_became_of_a_message(parse: Parse) -> None:
    status = (
        "Reporting-MTA: dns; mx.example.org\n\nFinal-Recipient: rfc822; bob@example.org\n"
        "Action: failed\nDiagnostic-Code: smtp; 552 5.2.2\n Mailbox full\n"
    )
    bounce = several(
        "report; report-type=delivery-status",
        part("text/plain", "It was not delivered."),
        part("message/delivery-status", status),
        part("text/rfc822-headers", "Subject: Lost letter\nMessage-ID: <1@example.org>\n"),
    )
    md, warnings = await read(parse, message(bounce))
    assert "552 5.2.2 Mailbox full" in md
    assert "Subject: Lost letter" in md
    seen = several(
        "report; report-type=disposition-notification",
        part("message/disposition-notification", "Disposition: manual-action; displayed\n"),
    )
    md, more = await read(parse, message(seen))
    assert "manual-action; displayed" in md
    assert warnings == more == ()


async def test_what_signs_a_message_is_no_attachment(parse: Parse) -> None:
    signed = several(
        "signed",
        part("text/plain", "Signed words."),
        attached("smime.p7s", "MIIB", "application/pkcs7-signature"),
    )
    assert (await read(parse, message(signed)))[1] == ()


def der(tag: int, *contents: bytes, endless: bool = False) -> bytes:
    body = b"".join(contents)
    if endless:
        return bytes([tag, 0x80]) + body + b"\0\0"
    size = len(body)
    length = bytes([size]) if size < 128 else b"\x82" + size.to_bytes(2, "big")
    return bytes([tag]) + length + body


OIDS = {
    "signed": "2a864886f70d010702",
    "enveloped": "2a864886f70d010703",
    "data": "2a864886f70d010701",
}


def cms(kind: str, content: bytes, *, endless: bool = False) -> bytes:
    oid = {name: der(6, bytes.fromhex(text)) for name, text in OIDS.items()}
    half = len(content) // 2
    octets = der(4, content)
    if endless:
        octets = der(0x24, der(4, content[:half]), der(4, content[half:]), endless=True)
    inner = der(0x30, oid["data"], der(0xA0, octets, endless=endless), endless=endless)
    body = der(0x30, der(2, b"\1"), der(0x31), inner, der(0x31), endless=endless)
    return der(0x30, oid[kind], der(0xA0, body, endless=endless), endless=endless)


def sealed(data: bytes, name: str = "smime.p7m") -> bytes:
    body = base64.encodebytes(data).decode()
    kind = f'application/pkcs7-mime; name="{name}"'
    return message(part(kind, body, Content_Transfer_Encoding="base64"))


@pytest.mark.parametrize("endless", [False, True])
async def test_a_signature_that_encloses_the_message_is_opened(
    parse: Parse, *, endless: bool
) -> None:
    inner = several("mixed", part("text/plain", "Enclosed words."), attached("c.csv", "k,l"))
    md, warnings = await read(parse, sealed(cms("signed", inner.encode(), endless=endless)))
    assert "Enclosed words." in md
    assert "| k | l |" in md
    assert warnings == ()


async def test_a_signature_around_a_file_gives_the_file(parse: Parse) -> None:
    md, _ = await read(parse, sealed(cms("signed", samples.pdf("deed")), "deed.pdf.p7m"))
    assert "## deed.pdf\n" in md
    assert md.endswith("deed")


async def test_what_is_encrypted_is_a_warning(parse: Parse) -> None:
    _, warnings = await read(parse, sealed(cms("enveloped", b"x" * 40)))
    assert "encrypted" in warnings[0]
    pgp = several("encrypted", part("application/pgp-encrypted", "Version: 1"))
    assert "encrypted" in (await read(parse, message(pgp)))[1][0]
    inline = part("text/plain", "-----BEGIN PGP MESSAGE-----\n\nhQEMA\n-----END PGP MESSAGE-----")
    assert "encrypted" in (await read(parse, message(inline)))[1][0]


async def test_every_message_of_a_mailbox_is_read(parse: Parse) -> None:
    for edge in ("\n", "\r\n"):
        letters = [
            f"From a@example.org Tue Mar  3 10:0{at}:00 2026\nFrom: a@example.org\n"
            f"Subject: Letter {at}\nMessage-ID: <{at}>\n\nwords {at}\n>From here on\n\n"
            "From now on.\n\n"
            for at in range(3)
        ]
        document = document_of(
            await parse("".join(letters).replace("\n", edge).encode(), "inbox.mbox")
        )
        assert [page.md.partition("\n")[0] for page in document.pages] == [
            "# Letter 0",
            "# Letter 1",
            "# Letter 2",
        ]
        assert all(page.text.endswith("\nFrom here on\n\nFrom now on.") for page in document.pages)


async def test_what_apple_mail_keeps_is_read_without_its_notes(parse: Parse) -> None:
    letter = b"Subject: Kept\nFrom: a@example.org\nMessage-ID: <1>\n\nKept words.\n"
    for counted in (b"%d\n", b"%-10d\n"):
        data = counted % len(letter) + letter + b'<?xml version="1.0"?>\n<plist>flags</plist>\n'
        document = document_of(await parse(data, "1.emlx"))
        assert document.pages[0].md.endswith("Kept words.")
        assert document.metadata["title"] == "Kept"


async def test_a_saved_page_has_no_styles_and_no_programs(parse: Parse) -> None:
    page = several(
        "related",
        part("text/html; charset=utf-8", "<h1>Prices</h1><style>p{top:1px}</style><p>Oak 7</p>"),
        part("text/css", "body { color: teal }", Content_Location="cid:css-1"),
        part("application/javascript", "let a = 1", Content_Location="https://x.org/a.js"),
        part("text/html", "<p>In a frame</p>", Content_ID="<frame-2>"),
    )
    headers = "From: <Saved by Blink>\nSubject: Prices\nDate: Tue, 03 Mar 2026 10:00:00 -0000"
    md, warnings = await read(parse, message(page, headers), "a.mhtml")
    assert "Oak 7" in md
    assert "In a frame" in md
    assert "teal" not in md
    assert "let a" not in md
    assert warnings == ()


async def test_flowed_and_enriched_text_loses_its_marks(parse: Parse) -> None:
    flowed = part("text/plain; format=flowed", "One line \nthat goes on.\n> cited \n-- \nAnn")
    assert "One line that goes on.\n> cited \n-- \nAnn" in (await read(parse, message(flowed)))[0]
    rich = part("text/enriched", "<bold>Big</bold> <color><param>red</param>sale</color> << 5")
    assert "Big sale < 5" in (await read(parse, message(rich)))[0]


UUENCODED = "begin 644 a\n+:&5L;&\\@=V]R;&0\n`\nend"


async def test_uuencoded_and_dirty_parts_are_decoded(parse: Parse) -> None:
    uu = part(
        "text/plain",
        "begin 644 a\n+:&5L;&\\@=V]R;&0\n`\nend",
        Content_Transfer_Encoding="x-uuencode",
    )
    assert "hello world" in (await read(parse, message(uu)))[0]
    dirty = base64.b64encode("Grüße aus Bergen".encode()).decode().rstrip("=")
    text = f"{dirty[:5]} {dirty[5:9]}\n\n!{dirty[9:]}"
    parts = part("text/plain; charset=utf-8", text, Content_Transfer_Encoding="base64")
    assert "Grüße aus Bergen" in (await read(parse, message(parts)))[0]


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        (b'"=?utf-8?B?SsO2cmc=?=" <j@example.org>', '"Jörg" <j@example.org>'),
        (b"=?utf-8?Q?M=C3?= =?utf-8?Q?=A4rz?=", "März"),
        ("Smørrebrød".encode("latin-1"), "Smørrebrød"),
        ("Søren - 東京".encode(), "Søren - 東京"),
        (b"=?windows-1251?Q?=CE=F2=F7=B8=F2_1?=tail", "Отчёт 1tail"),
        (b"=?no-such?Q?plain?= =?broken", "plain =?broken"),
    ],
)
async def test_headers_are_read_however_they_are_encoded(
    parse: Parse, raw: bytes, shown: str
) -> None:
    data = b"From: a@example.org\nTo: b@example.org\nSubject: " + raw + b"\n\nbody"
    assert document_of(await parse(data, "a.eml")).metadata["title"] == shown


async def test_parts_nested_beyond_reason_end_in_a_warning_or_a_reason(parse: Parse) -> None:
    for depth in (80, 150, 3000):
        top = part("text/plain", "deep words")
        lines = [
            f'Content-Type: multipart/mixed; boundary="b{at}"\n\n--b{at}' for at in range(depth)
        ]
        result = await parse(message("\n".join([*lines, top])), "a.eml")
        assert result.failure is not None or result.document is not None
        if result.document is not None:
            assert "nested deeper" in result.document.warnings[0]


async def test_bytes_that_no_charset_knows_are_a_warning(parse: Parse) -> None:
    words = "Grüße aus Köln, schöne Tage".encode() + b" \xff end"
    data = message(part("text/plain; charset=utf-8", "")) + words
    md, warnings = await read(parse, data)
    assert "Grüße aus Köln" in md
    assert len(warnings) == 1
    assert "utf-8" in warnings[0]
