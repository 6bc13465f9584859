"""The words of charts and diagrams, which are parts of their own."""

from sheaf.engines.office.package import Package
from sheaf.engines.text import markdown_table
from sheaf.engines.xml_tree import Element

MAX_POINTS = 10_000
"""Most values of a chart that are read."""


def graphic(package: Package, part: str, element: Element) -> list[str]:
    """Return the blocks of markdown for the charts and diagrams within a drawing."""
    relations = package.relations(part)
    blocks = []
    for found in element.iter():
        if found.tag in {"c:chart", "cx:chart", "dgm:relIds"}:
            relation = relations.get(found.get("r:id") or found.get("r:dm") or "")
            root = package.tree(relation.target) if relation else None
            if root is not None:
                blocks += _diagram(root) if found.tag == "dgm:relIds" else _chart(root)
    return blocks


def _diagram(root: Element) -> list[str]:
    texts = ("".join(t.text or "" for t in p.iter("a:t")).strip() for p in root.iter("a:p"))
    lines = [f"- {text}" for text in texts if text]
    return ["\n".join(lines)] if lines else []


def _chart(root: Element) -> list[str]:
    titles = [_words(title) for title in root.iter() if title.tag in {"c:title", "cx:title"}]
    blocks = [title for title in titles if title]
    series = list(root.iter("c:ser"))
    names = [_values(one.find("c:tx")) for one in series]
    heads = [_values(_first(one, "c:cat", "c:xVal")) for one in series]
    values = [_values(_first(one, "c:val", "c:yVal")) for one in series]
    if series:
        labels = max(heads, key=len)
        rows = [["", *(" ".join(name.values()) for name in names)]]
        keys = sorted({key for column in (labels, *values) for key in column})[:MAX_POINTS]
        rows += [[labels.get(k, ""), *(column.get(k, "") for column in values)] for k in keys]
        blocks.append(markdown_table(rows))
    else:  # of the newer kinds: their data lie beside the drawing
        points = [pt.text or "" for pt in root.iter("cx:pt")][:MAX_POINTS]
        blocks += [", ".join(point for point in points if point)] if any(points) else []
    return blocks


def _first(element: Element, *names: str) -> Element | None:
    return next((found for name in names if (found := element.find(name)) is not None), None)


def _words(element: Element) -> str:
    texts = [t.text or "" for t in element.iter("a:t")] or [
        t.text or "" for t in element.iter("c:v")
    ]
    return " ".join("".join(texts).split())


def _values(element: Element | None) -> dict[int, str]:
    """Return the cached values of a reference, by their places; levels of labels are joined."""
    found: dict[int, str] = {}
    if element is None:
        return found
    for point in element.iter("c:pt"):
        at = point.get("idx", "")
        value = (point.findtext("c:v") or "").strip()
        if at.isdecimal() and value:
            place = int(at)
            found[place] = f"{value} {found[place]}" if place in found else value
    if not found and (single := element.findtext("c:v")):
        found[0] = single.strip()
    return found
