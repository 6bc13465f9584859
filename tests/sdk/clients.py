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


_REMOVED = Refusal(404, "the vendor has removed these addresses; files are at /api/v1/beta/files")
_SAVED = Refusal(404, "configurations are saved at /api/v1/beta/configurations")
_NO_FORM = Refusal(422, "the client sends JSON and no file where the contract has a form with one")

FERN_REFUSED = {
    "files.upload_file": _REMOVED,
    "files.generate_presigned_url": _REMOVED,
    "files.upload_file_from_url": _REMOVED,
    "files.get_file": _REMOVED,
    "files.delete_file": _REMOVED,
    "files.read_file_content": _REMOVED,
    "beta.create_parse_configuration": _SAVED,
    "beta.get_parse_configuration": _SAVED,
    "beta.update_parse_configuration": _SAVED,
    "beta.delete_parse_configuration": _SAVED,
    "beta.list_parse_configurations": _SAVED,
    "parsing.upload_file": _NO_FORM,
    "v_2.upload_file_multipart": _NO_FORM,
    "parsing.screenshot": Refusal(404, "take_screenshot is a parameter of an upload"),
    "parsing.generate_presigned_url": Refusal(404, "v2 gives links to what a job has made"),
    "parsing.get_job_raw_text_result": Refusal(404, "it asks for a PDF, and none are made"),
    "parsing.get_job_structured_result": Refusal(404, "it takes a language model"),
}

CLIENTS = {
    "python-fern": Client(
        (str(ENVIRONMENTS / "services/bin/python"), str(HERE / "fern.py")), FERN_REFUSED
    ),
    "python-newest": Client((str(ENVIRONMENTS / "newest/bin/python"), str(HERE / "newest.py"))),
    "llama-parse": Client(
        (str(ENVIRONMENTS / "services/bin/python"), str(HERE / "llama_parse.py"))
    ),
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
