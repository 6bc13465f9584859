"""What of a file's name is believed when its type is told; everything else is told by its bytes.

Two files of the same bytes may therefore be taken for different things, so this belongs to the key
by which an earlier result is found. Detection is given nothing else of a name.
"""

BELIEVED = frozenset(
    {
        *(".csv", ".tsv", ".tab", ".md", ".markdown"),
        *(".eml", ".html", ".htm", ".json", ".ipynb", ".xls", ".xlsx"),
    }
)
"""Extensions that tell plain text types apart; a new one is added here and in `results`."""


def name_hint(name: str) -> str:
    """Return the extension of a name, in lower case, if it is believed, and nothing otherwise."""
    # By hand: a path takes four times as long, and this is asked of each file of a listing.
    at = name.rfind(".")
    extension = name[at:].lower() if at > 0 else ""
    return extension if extension in BELIEVED else ""
