"""Numbers as a spreadsheet shows them."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sheaf.engines.office.workbooks.number_formats import shown

SHOWN = [
    ("0.075", "0.0%", "7.5%"),
    ("0.123456", "0.000%", "12.346%"),
    ("1234.5", "$#,##0.00", "$1,234.50"),
    ("1234.5", "#,##0.00\\ [$€-407]", "1,234.50 €"),
    ("-1234.5", "#,##0.00;[Red]-#,##0.00", "-1,234.50"),
    ("-5", "#,##0_);(#,##0)", "(5)"),
    ("0", '_(* #,##0_);_(* (#,##0);_(* "-"_);_(@_)', "-"),
    ("2134", "00000", "02134"),
    ("123456789", "000-00-0000", "123-45-6789"),
    ("1234567890", "(000) 000-0000", "(123) 456-7890"),
    ("1500000", '0.0,,"M"', "1.5M"),
    ("1234.5", "# ##0.00", "1 234.50"),
    ("12345", "0.00E+00", "1.23E+4"),
    ("1.5", "# ?/?", "1 1/2"),
    ("0.333", "?/?", "1/3"),
    ("1.005", "0.00", "1.01"),
    ("2", "0.##", "2"),
    ("-0.001", "0.00", "0.00"),
    ("5", 'General" pcs"', "5 pcs"),
    ("3", '[<5]"low";"high"', "low"),
    ("9", '[<5]"low";"high"', "high"),
    ("1", '"Yes";;"No"', "Yes"),
    ("5", ";;;", "5"),
    ("0", "0;-0;;@", ""),
    ("42", "@", "42"),
    ("1.2345678901E10", "General", "12345678901"),
    ("1234567890123456", "General", "1234567890123456"),
    ("0.30000000000000004", "General", "0.3"),
    ("1e300", "0", "1e+300"),
    ("46096", "[$-407]d. mmmm yyyy;@", "2026-03-15"),
    ("46096.5", "m/d/yy h:mm", "2026-03-15 12:00:00"),
    ("0.75", "h:mm AM/PM", "18:00:00"),
    ("1.5", "[h]:mm", "36:00:00"),
    ("59", "yyyy-mm-dd", "1900-02-28"),
    ("61", "yyyy-mm-dd", "1900-03-01"),
    ("-3", "yyyy-mm-dd", "-3"),
    ("99999999", "yyyy-mm-dd", "99999999"),
    ("no number", "0.00", "no number"),
]


@pytest.mark.parametrize(("raw", "code", "text"), SHOWN)
def test_a_number_is_written_as_its_format_shows_it(raw: str, code: str, text: str) -> None:
    assert shown(raw, code) == text


def test_days_count_from_1904_where_the_workbook_says_so() -> None:
    assert shown("0", "yyyy-mm-dd", since_1904=True) == "1904-01-01"
    assert shown("41000", "yyyy-mm-dd", since_1904=True) == "2016-04-02"


@given(
    value=st.floats(allow_nan=True, allow_infinity=True),
    code=st.text("0#?.,%/E+-@;[]<>=\"\\_*hmsydAMPGeneral$€ '", max_size=30),
)
def test_every_code_shows_every_number(value: float, code: str) -> None:
    assert isinstance(shown(repr(value), code), str)


@given(value=st.decimals(-(10**9), 10**9, places=2))
def test_a_rounded_number_has_the_value_that_it_shows(value: Decimal) -> None:
    assert Decimal(shown(str(value), "#,##0.00").replace(",", "")) == value
    assert Decimal(shown(str(value))) == value
