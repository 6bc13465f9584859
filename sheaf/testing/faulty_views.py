"""What writes results, and fails as the line of a stored result asks for it."""

import os
from pathlib import Path

from sheaf.contracts.documents import EngineRequest, EngineResult
from sheaf.contracts.page_parts import PageImage
from sheaf.contracts.views import MOST_IMAGES, ListedImage, Part, View
from sheaf.testing.faulty_engine import FAULTS
from sheaf.views import handler

CUE = "fault: "
BEGUN = "begun"
"""A file beside the parts, from the moment that one is written."""


def handle(request: EngineRequest) -> EngineResult | None:
    """Fail by the word after the cue; a line `pid` has the process tell its number."""
    line = Path(request.path).read_text()
    assert request.view is not None
    part = Path(request.view.folder) / Part.TEXT_FULL
    word = line.removeprefix(CUE).strip()
    if word == "pid":
        part.write_text(str(os.getpid()))
        return EngineResult(view=View())
    if word == "link":
        part.symlink_to("/etc/hostname")
        return EngineResult(view=View())
    if word == "fifo":
        os.mkfifo(part)
        return EngineResult(view=View())
    if word == "hole":
        with part.open("wb") as file:
            file.truncate(request.view.most_bytes + 1)
        return EngineResult(view=View())
    if word == "none":
        return EngineResult(view=View())
    if word == "many":
        image = PageImage(name="x" * 60 + ".png", kind="embedded", width=1, height=1)
        listed = tuple(ListedImage(index=1, image=image) for _ in range(20 * MOST_IMAGES))
        return EngineResult(view=View(images=listed))
    part.with_name(BEGUN).touch()
    if line.startswith(CUE):
        FAULTS[word]()
    return handler.handle(request)
