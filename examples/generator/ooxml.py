"""What the Office Open XML writers share: content types, relationships, core properties."""

from html import escape

from generator.archive import XML

PACKAGE = "http://schemas.openxmlformats.org/package/2006"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006"
_PACKAGE_PART = "application/vnd.openxmlformats-package."
_VENDOR = "application/vnd.openxmlformats-officedocument."


def frame(main: str, title: str, parts: dict[str, str]) -> dict[str, str | bytes]:
    """Return the entries that every package has: types, root relationships, properties.

    Args:
        main: name of the main part, as `word/document.xml`.
        title: title in the core properties.
        parts: each part of the package and its type, without the common prefix and suffix.
    """
    overrides = "".join(
        f'<Override PartName="/{name}" ContentType="{_VENDOR}{kind}+xml"/>'
        for name, kind in parts.items()
    )
    types = (
        f'{XML}<Types xmlns="{PACKAGE}/content-types">'
        f'<Default Extension="rels" ContentType="{_PACKAGE_PART}relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'{overrides}<Override PartName="/docProps/core.xml" '
        f'ContentType="{_PACKAGE_PART}core-properties+xml"/></Types>'
    )
    return {
        "[Content_Types].xml": types,
        "_rels/.rels": relationships(
            {"rId1": ("officeDocument", main), "rId2": ("core-properties", "docProps/core.xml")}
        ),
        "docProps/core.xml": _core(title),
    }


def relationships(targets: dict[str, tuple[str, str]]) -> str:
    """Write a relationships part from each id to its kind and target."""
    lines = []
    for key, (kind, target) in targets.items():
        base = f"{PACKAGE}/relationships/metadata" if kind == "core-properties" else ""
        base = base or f"{OFFICE}/relationships"
        lines.append(f'<Relationship Id="{key}" Type="{base}/{kind}" Target="{target}"/>')
    return f'{XML}<Relationships xmlns="{PACKAGE}/relationships">{"".join(lines)}</Relationships>'


def _core(title: str) -> str:
    return (
        f'{XML}<cp:coreProperties xmlns:cp="{PACKAGE}/metadata/core-properties" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f"<dc:title>{escape(title)}</dc:title>"
        "<dc:creator>Harrow &amp; Finch Instruments</dc:creator>"
        '<dcterms:created xsi:type="dcterms:W3CDTF">2026-01-05T09:00:00Z</dcterms:created>'
        "</cp:coreProperties>"
    )
