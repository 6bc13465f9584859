"""Where a parse job wants its results written besides the server's own storage."""

from typing import NamedTuple

from sheaf.contracts.http.job_config import BatchParseJobRecordCreate
from sheaf.contracts.http.parse_parameters import BatchParseJobConfig
from sheaf.rules.parameters.s3_locations import S3Location, parse_location, partitioned

_SCHEME = "s3://"


class NamedPlace(NamedTuple):
    """A place as a job's parameters name it, before its partitions."""

    field: str
    """The parameter that names it."""
    location: S3Location


def named_place(config: BatchParseJobRecordCreate) -> NamedPlace | None:
    """Return the place that a job names for its results; None where it names none.

    Raises:
        ValueError: the place cannot be made out; the message names field and fix.
    """
    parameters = config.effective_parameters
    if not (parameters.output_s3_path_prefix or parameters.outputBucket):
        if parameters.output_s3_region:
            raise ValueError(
                "output_s3_region: there is nothing to write. Set output_s3_path_prefix too, such "
                "as s3://bucket/prefix/"
            )
        return None
    return _named(parameters)


def output_location(config: BatchParseJobRecordCreate) -> S3Location | None:
    """Return the place of a job's results, with its partitions; None where it names none.

    Raises:
        ValueError: as for `named_place`.
    """
    place = named_place(config)
    if place is None:
        return None
    partitions = {name.value: value for name, value in config.partitions.items()}
    return partitioned(place.location, partitions)


def stored_output(config: BatchParseJobRecordCreate) -> S3Location | None:
    """Return the place of a stored job's results; None also for one that cannot be made out.

    Such a job was accepted by a version that recorded these parameters and did not act on them.
    """
    try:
        return output_location(config)
    except ValueError:
        return None


def output_key(location: S3Location, file_id: str, suffix: str) -> str:
    """Return the key of a file's result: `md`, `json`, or a picture's `images/NAME`."""
    return location.key(f"{file_id}.{suffix}")


def _named(parameters: BatchParseJobConfig) -> NamedPlace:
    prefix, bucket = parameters.output_s3_path_prefix or "", parameters.outputBucket
    if not prefix.startswith(_SCHEME):
        if not bucket:
            raise ValueError(
                "output_s3_path_prefix: no bucket is named. Write it as s3://bucket/prefix/, or "
                "name the bucket in outputBucket"
            )
        whole = _parsed("outputBucket", f"{_SCHEME}{bucket}/")
        if not prefix:
            return NamedPlace("outputBucket", whole)
        prefix = whole.uri(prefix)
    location = _parsed("output_s3_path_prefix", prefix)
    if bucket and location.bucket != bucket:
        raise ValueError(
            f"outputBucket is {bucket[:63]} and output_s3_path_prefix is in {location.bucket}: "
            "name one bucket"
        )
    return NamedPlace("output_s3_path_prefix", location)


def _parsed(field: str, uri: str) -> S3Location:
    try:
        return parse_location(uri)
    except ValueError as error:
        raise ValueError(f"{field}: {error}") from error
