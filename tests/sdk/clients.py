"""The clients that cannot share our environment, and what each says that it has called.

Each runs as a script of its own, in an environment that `make sdk` makes, and prints as its last
line what it has called, as JSON. It imports nothing of this project but `traced`.
"""

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.sdk.conftest import DOCUMENTS, Endpoint

HERE = Path(__file__).parent
ENVIRONMENTS = Path(os.environ.get("SHEAF_SDK_ENVIRONMENTS", HERE.parents[1] / ".venv-sdk"))
RUN_SECONDS = 400


@dataclass(frozen=True)
class Refusal:
    """How a method is answered that this product does not offer."""

    status: int
    reason: str


@dataclass(frozen=True)
class Client:
    """A client: the script that calls all of it, and what is refused to it."""

    command: tuple[str, ...]
    refused: Mapping[str, Refusal] = field(default_factory=dict)


CLIENTS = {
    "python-newest": Client((str(ENVIRONMENTS / "newest/bin/python"), str(HERE / "newest.py"))),
    "typescript-2.13": Client(("node", str(HERE / "typescript/client.mjs"), "llama-cloud-2.13")),
    "typescript-newest": Client(
        ("node", str(HERE / "typescript/client.mjs"), "llama-cloud-newest")
    ),
}


def said(client: Client, endpoint: Endpoint) -> dict[str, Any]:
    """Run a client's script, and return the last line that it printed."""
    ran = subprocess.run(
        [*client.command, endpoint.base_url, endpoint.api_key, str(DOCUMENTS)],
        capture_output=True,
        text=True,
        timeout=RUN_SECONDS,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    answer: dict[str, Any] = json.loads(ran.stdout.splitlines()[-1])
    return answer
