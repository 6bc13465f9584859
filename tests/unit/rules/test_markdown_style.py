"""Tables as HTML, without padding, with other breaks in their header; or no markdown at all."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sheaf.contracts.documents import ParsedPage
from sheaf.contracts.http.parse_parameters import BatchParseJobConfig
from sheaf.contracts.markdown_style import MarkdownStyle
from sheaf.rules.rendering.markdown_items import markdown_items
from sheaf.rules.rendering.markdown_style import restyle_tables, styled

TABLE = "| Name<br>of it |   Price |\n| :--- | ------: |\n| a \\| b  | 1,50    |\n| **c** |  |"
TEXT = f"# Title\n\nBefore | and so on\n\n{TABLE}\n\nAfter"


def test_tables_become_html_and_the_rest_stays() -> None:
    done = restyle_tables(TEXT, MarkdownStyle(tables_as_html=True))
    head, _, tail = done.partition("<table>")
    assert head == "# Title\n\nBefore | and so on\n\n"
    assert tail.endswith("</table>\n\n\nAfter")
    assert re.search(r"<td[^>]*>a \| b</td>", done)
    assert "<strong>c</strong>" in done
    assert "|" not in tail.replace("a | b", "")


def test_compact_tables_have_no_padding_and_the_same_cells() -> None:
    done = restyle_tables(TABLE, MarkdownStyle(compact_tables=True))
    assert done == "|Name<br>of it|Price|\n|:-|-:|\n|a \\| b|1,50|\n|**c**||"
    before, after = (markdown_items(text)[0]["rows"] for text in (TABLE, done))
    assert before == after


def test_the_lines_of_a_header_stand_apart_as_asked() -> None:
    done = restyle_tables(TABLE, MarkdownStyle(header_separator=" / "))
    assert done.split("\n")[0] == "| Name / of it |   Price |"
    assert done.split("\n")[1:] == TABLE.split("\n")[1:]


def test_without_reconstruction_markdown_is_the_text() -> None:
    page = ParsedPage(page=1, text="Title\nwords", md="# Title\n\nwords")
    (plain,) = styled([page], MarkdownStyle.of(BatchParseJobConfig(disable_reconstruction=True)))
    assert plain.md == page.text
    assert styled([page], MarkdownStyle.of(BatchParseJobConfig())) == (page,)


def test_a_style_is_what_the_parameters_say() -> None:
    parameters = BatchParseJobConfig(
        output_tables_as_HTML=True,
        compact_markdown_table=True,
        markdown_table_multiline_header_separator="; ",
    )
    assert MarkdownStyle.of(parameters) == MarkdownStyle(
        tables_as_html=True, compact_tables=True, header_separator="; "
    )


STYLES = [
    MarkdownStyle(tables_as_html=True),
    MarkdownStyle(compact_tables=True),
    MarkdownStyle(header_separator="/"),
]


@pytest.mark.parametrize("style", STYLES)
@given(text=st.text(st.characters(codec="utf-8", exclude_characters="|")))
def test_what_has_no_table_is_left_as_it_is(style: MarkdownStyle, text: str) -> None:
    assert restyle_tables(text, style) == text


@given(st.text(st.sampled_from("| -\n\\ab<>br/:"), max_size=80))
def test_compacting_twice_is_compacting_once_and_keeps_the_cells(text: str) -> None:
    style = MarkdownStyle(compact_tables=True)
    once = restyle_tables(text, style)
    assert restyle_tables(once, style) == once
    rows = [
        [item["rows"] for item in markdown_items(one) if item["type"] == "table"]
        for one in (text, once)
    ]
    assert rows[0] == rows[1]


PAGE = ParsedPage(
    page=2,
    text="Report\nSee here now.\nPage 2",
    md="See [here](https://a.example/) now.",
    header="Report",
    footer="Page 2",
)


def written(**parameters: object) -> ParsedPage:
    config = BatchParseJobConfig.model_validate(parameters)
    return styled([PAGE], MarkdownStyle.of(config))[0]


def test_hidden_headers_and_footers_leave_the_text() -> None:
    assert written(hide_headers=True).text == "See here now.\nPage 2"
    assert written(hide_footers=True).text == "Report\nSee here now."
    assert (written(hide_headers=True).header, written(hide_headers=True).footer) == (
        None,
        "Page 2",
    )


def test_headers_and_footers_stand_in_the_markdown_between_what_is_put_around_them() -> None:
    assert written(page_header_prefix="<h>", page_header_suffix="</h>").md == (
        f"<h>Report</h>\n\n{PAGE.md}"
    )
    assert written(page_footer_prefix="-- ").md == f"{PAGE.md}\n\n-- Page 2"
    assert written(page_footer_suffix=" --").md == f"{PAGE.md}\n\nPage 2 --"
    assert written(page_header_prefix="<h>", hide_headers=True).md == PAGE.md


def test_annotate_links_writes_the_links_into_the_text() -> None:
    done = written(annotate_links=True)
    assert done.text == "Report\nSee [here](https://a.example/) now.\nPage 2"
    assert done.md == PAGE.md
