"""The newest `llama-cloud`, which has v2 batches and no `beta.batch` any more."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.sdk.conftest import Endpoint

HERE = Path(__file__).parent
PYTHON = os.environ.get("SHEAF_NEWEST_SDK", str(HERE.parents[1] / ".venv-sdk" / "bin" / "python"))

pytestmark = pytest.mark.newest_sdk


def test_every_method_of_the_newest_client_works(endpoint: Endpoint) -> None:
    ran = subprocess.run(
        [PYTHON, str(HERE / "newest.py"), endpoint.base_url, endpoint.api_key],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    print(ran.stdout)
    assert ran.returncode == 0, ran.stdout + ran.stderr
