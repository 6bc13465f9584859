"""How much of a document's true text an engine's output holds."""

import json
import re
from collections import Counter
from pathlib import Path

TOKEN = re.compile(r"\w+")
TAG = re.compile(r"</?[a-zA-Z][^>]*>")
"""Tables stand in HTML in some Markdown truths; their tags are no text."""


def tokens(text: str) -> list[str]:
    """Return the words of a text, in lower case and without punctuation."""
    # Emphasis may begin inside a word, and some truths were read with the wrong charset.
    return TOKEN.findall(text.replace("*", "").replace("\x00", "").replace("_", " ").lower())


def token_recall(truth: str, output: str) -> float:
    """Return the share of the truth's tokens, each as often as it occurs, in the output.

    A truth without a token is held by any output: 1.0.
    """
    wanted = Counter(tokens(truth))
    if not wanted:
        return 1.0
    found = wanted & Counter(tokens(output))
    return found.total() / wanted.total()


def truth_of(path: Path) -> str:
    """Return the text of a ground truth file: Markdown, or JSON with a list `text`."""
    content = path.read_text(encoding="utf-8")
    if path.suffix != ".json":
        return TAG.sub(" ", content)
    return "\n".join(json.loads(content)["text"])
