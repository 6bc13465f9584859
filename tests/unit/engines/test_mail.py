"""Messages, their bodies and their attachments."""

import base64

from sheaf.contracts.failures import FailureKind
from tests.unit.engines import samples
from tests.unit.engines.conftest import Parse, document_of, failure_of

PLAIN = "Content-Type: text/plain\n\nGood morning."
ENCODED_SUBJECT = "Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\nFrom: a@example.com\nTo: b@example.com"


def attachment(data: bytes, name: str) -> str:
    return (
        "Content-Type: application/octet-stream\n"
        f'Content-Disposition: attachment; filename="{name}"\n'
        f"Content-Transfer-Encoding: base64\n\n{base64.encodebytes(data).decode()}"
    )


async def test_headers_come_first_and_then_the_body(parse: Parse) -> None:
    document = document_of(await parse(samples.mail(PLAIN, headers=ENCODED_SUBJECT), "a.eml"))
    assert document.pages[0].text.splitlines() == [
        "Subject: Grüße",
        "From: a@example.com",
        "To: b@example.com",
        "",
        "Good morning.",
    ]
    assert document.metadata == {"title": "Grüße", "author": "a@example.com"}


async def test_the_plain_body_is_preferred_to_its_html_twin(parse: Parse) -> None:
    twins = (
        'Content-Type: multipart/alternative; boundary="in"\n\n--in\nContent-Type: text/plain\n\n'
        "plain words\n--in\nContent-Type: text/html\n\n<p>html words</p>\n--in--"
    )
    text = document_of(await parse(samples.mail(twins), "a.eml")).pages[0].text
    assert "plain words" in text
    assert "html words" not in text


async def test_a_body_in_html_alone_is_read(parse: Parse) -> None:
    html = "Content-Type: text/html\n\n<p>only <b>html</b> words</p>"
    assert (
        "only **html** words" in document_of(await parse(samples.mail(html), "a.eml")).pages[0].md
    )


async def test_attachments_follow_as_pages_read_by_their_own_engines(parse: Parse) -> None:
    data = samples.mail(
        PLAIN,
        attachment(samples.pdf("one", "two"), "../../report.pdf"),
        attachment(samples.docx("from word"), "letter.docx"),
    )
    document = document_of(await parse(data, "a.eml"))
    assert [page.page for page in document.pages] == [1, 2, 3, 4]
    assert document.pages[1].md.endswith("one")
    assert "letter.docx" in document.pages[3].md
    assert "from word" in document.pages[3].md


async def test_an_attachment_nobody_can_read_is_named_and_harms_nothing(parse: Parse) -> None:
    data = samples.mail(PLAIN, attachment(b"\x7fELF" + bytes(99), "tool.bin"))
    document = document_of(await parse(data, "a.eml"))
    assert "tool.bin" in document.pages[0].text
    assert "Good morning." in document.pages[0].text
    assert len(document.warnings) == 1


async def test_messages_inside_messages_are_opened_three_deep(parse: Parse) -> None:
    data = b"Subject: level 5\nFrom: a@example.com\n\nwords of level 5"
    for level in (4, 3, 2, 1, 0):
        headers = f"Subject: level {level}\nFrom: a@example.com"
        part = f"Content-Type: message/rfc822\n\n{data.decode()}"
        data = samples.mail(part, headers=headers, edge=f"edge{level}")
    text = "\n".join(page.text for page in document_of(await parse(data, "a.eml")).pages)
    assert "level 3" in text
    assert "level 4" not in text


async def test_a_message_of_endless_parts_is_too_large(parse: Parse) -> None:
    data = samples.mail(*["Content-Type: text/plain\n\nx"] * 2001)
    assert failure_of(await parse(data, "a.eml"))[0] is FailureKind.TOO_LARGE


async def test_an_unknown_charset_is_guessed(parse: Parse) -> None:
    part = "Content-Type: text/plain; charset=no-such\nContent-Transfer-Encoding: 8bit\n\nKöln"
    assert "Köln" in document_of(await parse(samples.mail(part), "a.eml")).pages[0].text


async def test_a_message_in_utf16_is_read(parse: Parse) -> None:
    data = samples.mail(PLAIN).decode().encode("utf-16")
    assert "Good morning." in document_of(await parse(data, "a.eml")).pages[0].text
