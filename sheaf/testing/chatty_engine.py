"""An engine whose import already writes into the answers' pipe."""

import sys
from typing import Any

from sheaf.contracts.documents import EngineRequest, EngineResult
from sheaf.parser_pool.frames import new_nonce

_main: Any = sys.modules["__main__"]
_write = _main.write_frame


def _chatter(stream: Any, nonce: bytes, payload: bytes) -> None:
    _write(stream, new_nonce(), payload)
    _write(stream, nonce, payload)


_main.write_frame = _chatter


def handle(_: EngineRequest) -> EngineResult:
    """Never be asked."""
    raise NotImplementedError
