"""The parts of markdown, as a rule."""

from hypothesis import given
from hypothesis import strategies as st

from sheaf.rules.rendering.markdown_items import markdown_items

PAGE = """# Report

First *words*.

- one
- two
  1. deep

| a | b |
|---|---|
| 1 | x, y |

```python
print(1)
```

---

![a picture](p.png)
"""


def test_a_page_is_told_apart() -> None:
    parts = markdown_items(PAGE)
    kinds = [part["type"] for part in parts]
    assert kinds == ["heading", "text", "list", "table", "code", "image"]
    heading, text, listed, table, code, image = parts
    assert (heading["level"], heading["value"], heading["md"]) == (1, "Report", "# Report")
    assert text["value"] == "First *words*."
    assert [item["type"] for item in listed["items"]] == ["text", "text", "list"]
    assert (listed["ordered"], listed["items"][2]["ordered"]) == (False, True)
    assert table["rows"] == [["a", "b"], ["1", "x, y"]]
    assert table["csv"] == 'a,b\r\n1,"x, y"\r\n'
    assert "<table>" in table["html"]
    assert (code["language"], code["value"]) == ("python", "print(1)\n")
    assert (image["url"], image["caption"]) == ("p.png", "a picture")


@given(st.text(alphabet=" \n\t#*->|`[]()!1a<&\\", max_size=200))
def test_any_text_has_parts(text: str) -> None:
    for part in markdown_items(text):
        assert part["type"] in {"heading", "text", "list", "table", "code", "image"}
        assert isinstance(part["md"], str)


def test_lists_nest_without_an_end() -> None:
    assert markdown_items("\n".join("  " * depth + "- x" for depth in range(200)))
