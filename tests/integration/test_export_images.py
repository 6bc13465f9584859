"""Pictures that a job keeps, from the parser process to the folder of an export."""

import json
import shutil
from pathlib import Path

from sheaf.cli.export import export_job
from sheaf.cli.session import Session
from sheaf.embedded.home import Home
from sheaf.ledger.files.directories import DirectoryLedger
from sheaf.ledger.items.listing import ItemListing
from sheaf.testing.cluster import Cluster

INVOICE = Path(__file__).parents[2] / "examples" / "documents" / "finance" / "invoice-2026-0417.pdf"


async def test_an_export_has_the_pictures_that_the_job_kept(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    shutil.copy(INVOICE, folder / "a.pdf")
    (folder / "b.txt").write_text("words")
    cluster = Cluster(tmp_path / "home", parser_module="sheaf.engines.dispatch")
    await cluster.open()
    try:
        asked = {"parameters": {"take_screenshot": True}}
        job = await cluster.ended((await cluster.submit(folder, job_config=asked)).id)
        assert job.completed == 2
        session = Session(
            cluster.settings,
            Home(cluster.root),
            cluster.database,
            cluster.jobs,
            DirectoryLedger(cluster.database),
            ItemListing(cluster.database),
        )
        out = (await export_job(session, job, tmp_path / "out")).out
    finally:
        await cluster.close()
    picture = out / "files" / "a.pdf.images" / "page_1.jpg"
    assert picture.read_bytes().startswith(b"\xff\xd8\xff")
    lines = (out / "manifest.jsonl").read_text().splitlines()
    images = {entry["name"]: entry["images"] for entry in map(json.loads, lines)}
    assert images == {"a.pdf": ["page_1.jpg"], "b.txt": []}
