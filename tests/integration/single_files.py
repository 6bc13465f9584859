"""Jobs of one file each, made as the API makes them."""

import io
from uuid import uuid4

from sheaf.composition import job_service
from sheaf.contracts.apis import JobApi
from sheaf.contracts.http.job_config import BatchParseJobRecordCreate
from sheaf.jobs.single_jobs import SingleJobs
from sheaf.ledger.records import JobRow
from sheaf.storage.opened import open_blobs
from sheaf.storage.uploads import Uploads
from sheaf.testing.cluster import Cluster


async def parse_one(run: Cluster, text: str, project_id: str = "default") -> JobRow:
    """Upload a file and create its job."""
    blobs = open_blobs(run.settings.storage_url, run.root)
    jobs = SingleJobs(run.database, job_service(run.settings, run.database, run.client), blobs)
    uploads = Uploads(run.database, blobs)
    upload = await uploads.store(
        project_id, io.BytesIO(text.encode()), name="one.txt", purpose="parse"
    )
    reserved_id = uuid4().hex
    (file_id,) = await jobs.hide(project_id, [upload], reserved_id)
    task = await jobs.create(
        project_id, JobApi.PARSE, file_id, BatchParseJobRecordCreate(), reserved_id, {}, ()
    )
    return task.job
