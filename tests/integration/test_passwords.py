"""A batch opens encrypted files by passwords that nothing but its parsers sees."""

import json
import shutil
from pathlib import Path

from sheaf.contracts.states import JobStatus
from sheaf.testing.cluster import Cluster

LOCKED = Path(__file__).parents[2] / "examples" / "documents" / "odd" / "settlement-password.pdf"
OTHER = "an0ther-p4ssword"
PASSWORD = "secret"
"""Of the sample, as its generator made it."""


async def test_a_named_password_opens_a_file_and_is_written_nowhere(tmp_path: Path) -> None:
    secrets = tmp_path / "passwords.json"
    secrets.write_text(json.dumps({"safe": [OTHER, PASSWORD]}))
    secrets.chmod(0o600)
    folder = tmp_path / "in"
    folder.mkdir()
    shutil.copy(LOCKED, folder / "a.pdf")
    cluster = Cluster(
        tmp_path / "home",
        options={"passwords_file": secrets},
        parser_module="sheaf.engines.dispatch",
    )
    await cluster.open()
    try:
        without = await cluster.ended((await cluster.submit(folder)).id)
        asked = {"parameters": {"resource_info": {"password_ref": "safe"}}}
        named = await cluster.ended((await cluster.submit(folder, job_config=asked)).id)
        assert (without.status, without.failed) == (JobStatus.COMPLETED, 1)
        assert (named.status, named.completed) == (JobStatus.COMPLETED, 1)
    finally:
        await cluster.close()
    files = [path for path in cluster.root.rglob("*") if path.is_file()]
    assert len(files) > 4
    assert not [path for path in files if OTHER.encode() in path.read_bytes()]
