"""Bytes to text: what is proved, what is said, and what a detector takes them for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sheaf.engines.detection.charset import charset_of, decode, decoded, decoded_markup
from sheaf.engines.detection.charset_labels import codec_of
from sheaf.engines.detection.readable_text import looks_like_text

RUSSIAN = "Уважаемые коллеги, направляем договор поставки от 3 марта."
JAPANESE = "お世話になっております。見積書をお送りします。"
UNNAMED = [
    *((charset, RUSSIAN) for charset in ("cp1251", "koi8-r", "cp866", "iso8859-5")),
    ("cp1250", "Łukasz jedzie pociągiem do Łodzi, a Grażyna wraca przez Gdańsk"),
    ("iso8859-2", "Vážení zákazníci, děkujeme za objednávku. Zboží bude odesláno příští týden."),
    ("cp1253", "Αγαπητοί συνάδελφοι, σας αποστέλλουμε τη σύμβαση προμήθειας"),
    ("cp1254", "Sayın meslektaşlarımız, tedarik sözleşmesini gönderiyoruz. Ağrı şubesi"),  # noqa: RUF001
    ("cp1255", "לקוח יקר, מצורפת החשבונית עבור חודש מרץ"),
    ("cp1256", "عزيزي العميل، نرفق لكم فاتورة شهر مارس"),
    ("cp1257", "Gerbiami kolegos, siunčiame tiekimo sutartį. Ačiū už bendradarbiavimą"),
    ("cp874", "กรุณาตรวจสอบใบแจ้งหนี้ประจำเดือนมีนาคม"),
    ("cp932", JAPANESE),
    ("euc_jp", "決算報告書を添付します。ご確認ください。"),
    ("iso2022_jp", "決算報告書を添付します。"),
    ("gb18030", "尊敬的客户，请查收本月的对账单。"),  # noqa: RUF001
    ("big5", "財務報告：請查收本月的對帳單。"),  # noqa: RUF001
    ("cp949", "안녕하세요. 계약서 초안을 보내 드립니다."),
    ("cp1252", "Übersicht: Größe 5 µm ± 0,2 – “zitiert”, 5 €"),  # noqa: RUF001
    ("cp1252", "crème brûlée, 3 € à l'unité"),
    ("cp1252", "§ 5 Abs. 2"),
    ("cp850", "Übersicht: Grüße aus Köln, schöne Straße"),
    ("mac-roman", "Un café à Montréal, déjà vu, près de la forêt où il était né."),
    ("utf-16-le", RUSSIAN),
    ("utf-16-be", JAPANESE + "\r\n"),
    ("utf-32-le", "id,name\n1,Ann"),
]


@pytest.mark.parametrize(("charset", "words"), UNNAMED)
def test_text_of_a_charset_that_nobody_names_is_read(charset: str, words: str) -> None:
    data = words.encode(charset)
    assert decode(data) == words
    assert looks_like_text(data)


@pytest.mark.parametrize(
    ("label", "data", "words"),
    [
        ("gb2312", "朱镕".encode("gbk"), "朱镕"),
        ("Shift_JIS", "①㈱髙".encode("cp932"), "①㈱髙"),
        ("x-sjis", "見積".encode("cp932"), "見積"),
        ("iso-8859-1", "“5 €”".encode("cp1252"), "“5 €”"),
        ("latin1", b"\x93yes\x94", "“yes”"),
        ("ks_c_5601-1987", "뷁".encode("cp949"), "뷁"),
        ("windows-874", "ไทย".encode("cp874"), "ไทย"),
        ("iso-8859-11", "ไทย".encode("cp874"), "ไทย"),
        ("iso-8859-8-i", "שלום".encode("iso8859-8"), "שלום"),
        ("iso-8859-9", "ış €".encode("cp1254"), "ış €"),
        ("iso-8859-2", "Łódź ‚x‘".encode("cp1250"), "Łódź ‚x‘"),  # noqa: RUF001
        ("iso-2022-jp", b"\x1b$B-!-j\x1b(B", "①㈱"),
        ("iso-2022-jp", b"\x1b$B2q5D\x1b(J 5\x1b(I\x36\x1b(B", "会議 5ｶ"),
        ("euc-jp", b"\xad\xa1\xc6\xfc", "①日"),
        ("big5", "財".encode("cp950") + "着".encode("big5hkscs"), "財着"),
        ("gbk", b"5 \x80", "5 €"),
        ("hz-gb-2312", b"~{<:Ky2;S{~}", "己所不欲"),
        ("utf-7", b"K+APY-ln", "Köln"),
        ("cp-850", "Köln".encode("cp850"), "Köln"),
        ("win-1251", "да".encode("cp1251"), "да"),
        ("us-ascii", "Schöne Grüße, 東京".encode(), "Schöne Grüße, 東京"),
        ("iso-8859-1", "Schöne Grüße, 東京".encode(), "Schöne Grüße, 東京"),
        ("us-ascii", RUSSIAN.encode("cp1251"), RUSSIAN),
        ("utf-8", RUSSIAN.encode("koi8-r"), RUSSIAN),
        ("gb2312", JAPANESE.encode(), JAPANESE),
        ("utf-16", RUSSIAN.encode(), RUSSIAN),
        ("no-such-charset", RUSSIAN.encode("cp1251"), RUSSIAN),
        ("windows-1251", b"\xff\xfe" + "да".encode("utf-16-le"), "да"),
    ],
)
def test_a_name_stands_for_what_is_meant_by_it(label: str, data: bytes, words: str) -> None:
    found = decoded(data, label)
    assert found.text == words
    assert found.warnings == ()


@pytest.mark.parametrize(
    "data",
    [
        "Grüße aus Köln, über\n".encode() * 3 + b"caf\xe9 und mehr",
        "Grüße aus Köln".encode() + "ü".encode()[:1],
        "東京です、見積書".encode()[:-1],
    ],
)
def test_utf_8_with_a_broken_character_stays_utf_8_and_says_so(data: bytes) -> None:
    found = decoded(data)
    assert found.charset == "utf-8"
    assert found.text == data.decode("utf-8", "replace")
    assert found.warnings == ("the bytes of 1 place are not utf-8: \ufffd stands for them",)


def test_a_replacement_character_of_the_text_itself_is_no_loss() -> None:
    assert decoded("a \ufffd b".encode()).warnings == ()
    assert decoded("a \ufffd b".encode("utf-16")).warnings == ()


@pytest.mark.parametrize(
    ("page", "words"),
    [
        ('<?xml version="1.0" encoding="windows-1251"?><a>Отчёт</a>'.encode("cp1251"), "Отчёт"),
        ('<meta charset="x-sjis"><p>髙橋①'.encode("cp932"), "髙橋①"),
        (b'<meta http-equiv=Content-Type content="text/html; charset=big5">\xb0\xea', "國"),
        ('<meta charset="utf-16"><p>Grüße'.encode(), "Grüße"),
        ('<?xml version="1.0" encoding="UTF-16"?><a>Köln</a>'.encode("utf-16"), "Köln"),
        (b"<title>T</title><p>" + RUSSIAN.encode("cp1251"), RUSSIAN),
    ],
)
def test_markup_says_its_charset_itself(page: bytes, words: str) -> None:
    assert words in decoded_markup(page).text


def test_what_surrounds_markup_is_heard_before_it() -> None:
    page = '<meta charset="utf-8">да'.encode("cp1251")
    assert "да" in decoded_markup(page, "windows-1251").text


@pytest.mark.parametrize("name", ["rot13", "unicode_escape", "cp037", "idna", "", None, "x" * 900])
def test_what_is_no_charset_of_documents_says_nothing(name: str | None) -> None:
    assert codec_of(name) is None


@given(data=st.binary(max_size=300), said=st.sampled_from([None, "utf-8", "gbk", "iso-2022-jp"]))
def test_all_bytes_become_text_that_can_be_stored(data: bytes, said: str | None) -> None:
    found = decoded(data, said)
    assert found.charset == charset_of(data, said)
    assert isinstance(found.text, str)


@given(words=st.text(min_size=1, max_size=80))
def test_utf_8_is_never_taken_for_anything_else(words: str) -> None:
    if "\x00" not in words and "\x1b" not in words:
        data = words.encode("utf-8", "replace")
        assert decode(data) == data.decode("utf-8-sig")


@pytest.mark.parametrize(
    ("data", "is_text"),
    [
        (b"2026-03-01 start\n" + bytes(5000) + b"disk full after power loss\n", True),
        (b"id,na\x00me\n1,A\x00nn\n2,Bob\x00\x00\n", True),
        (bytes(400), False),
        (b"BM" + bytes(60), False),
        (bytes(range(256)) * 8, False),
        (b"\x89\x12\xf3\x01\x02\x03abc" * 30, False),
    ],
)
def test_holes_of_zeros_leave_a_text_a_text(data: bytes, is_text: bool) -> None:
    assert looks_like_text(data) is is_text
