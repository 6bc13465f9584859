"""Places in S3: how they are written, who may use them, and where a job's results go."""

import json
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sheaf.contracts.http.job_config import BatchParseJobRecordCreate
from sheaf.processing.output_copies import OutputRefusedError, check_output
from sheaf.rules.parameters.output_locations import output_key, output_location, stored_output
from sheaf.rules.parameters.s3_locations import (
    S3Location,
    is_allowed,
    is_path,
    key_of,
    name_of,
    parse_allowed,
    parse_location,
    partitioned,
)

names = st.text("abc-.", min_size=1, max_size=5).filter(lambda name: name.strip("."))
prefixes = st.lists(names, max_size=4).map(lambda parts: "".join(f"{part}/" for part in parts))
locations = st.builds(S3Location, st.sampled_from(["bucket", "bucket-2"]), prefixes)


@given(location=locations)
def test_a_place_is_read_back_with_and_without_its_last_slash(location: S3Location) -> None:
    assert parse_location(location.uri()) == location
    assert parse_location(location.uri().removesuffix("/")) == location


@pytest.mark.parametrize(
    "uri",
    [
        *("s3://", "s3:///a", "s3://Bucket/", "s3://b/", "http://bucket/", "bucket/a", ""),
        *("s3://bucket//a", "s3://bucket/a//", "s3://bucket/a/../b", "s3://bucket/./a"),
        *("s3://bucket/a\n", "s3://bucket/\x00", "s3://key:secret@bucket/a"),
    ],
)
def test_what_is_no_place_is_refused_without_being_repeated(uri: str) -> None:
    with pytest.raises(ValueError, match="s3://bucket/prefix/") as raised:
        parse_location(uri)
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize("uri", ["s3://x/", "s3://" + "a" * 64 + "/in/", "s3://Bucket/in/"])
def test_a_bucket_of_no_such_name_is_told_what_names_have(uri: str) -> None:
    with pytest.raises(ValueError, match="3 to 63 characters of a-z"):
        parse_location(uri)


@given(location=locations, opened=locations, project=st.sampled_from(["a", "b"]))
def test_a_place_is_allowed_just_below_one_that_is_open(
    location: S3Location, opened: S3Location, project: str
) -> None:
    below = location.bucket == opened.bucket and location.uri().startswith(opened.uri())
    assert is_allowed(location, project, {"*": (opened,)}) is below
    assert is_allowed(location, project, {"a": (opened,)}) is (below and project == "a")
    assert not is_allowed(location, project, {})


def test_a_sibling_with_the_same_beginning_is_not_allowed() -> None:
    allowed = parse_allowed({"*": ["s3://bucket/in"]})
    assert is_allowed(parse_location("s3://bucket/in/a"), "p", allowed)
    assert not is_allowed(parse_location("s3://bucket/inside/"), "p", allowed)
    assert not is_allowed(parse_location("s3://bucket/"), "p", allowed)


@given(location=locations, values=st.dictionaries(names, st.text(min_size=1), max_size=3))
def test_partitions_are_parts_of_the_key_in_the_order_of_their_names(
    location: S3Location, values: dict[str, str]
) -> None:
    found = partitioned(location, values)
    parts = found.prefix.removeprefix(location.prefix).split("/")[:-1]
    assert [unquote(part) for part in parts] == [f"{n}={v}" for n, v in sorted(values.items())]
    assert parse_location(found.uri()) == found


def config(
    partitions: dict[str, str] | None = None, **parameters: str
) -> BatchParseJobRecordCreate:
    return BatchParseJobRecordCreate.model_validate(
        {"parameters": parameters, "partitions": partitions or {}}
    )


def test_outputs_are_placed_by_any_of_the_parameters() -> None:
    place = S3Location("bucket", "out/")
    assert output_location(config()) is None
    assert output_location(config(output_s3_path_prefix="s3://bucket/out")) == place
    assert output_location(config(output_s3_path_prefix="out", outputBucket="bucket")) == place
    assert output_location(config(outputBucket="bucket")) == S3Location("bucket", "")
    both = config(
        output_s3_path_prefix="s3://bucket/out/", outputBucket="bucket", output_s3_region="r"
    )
    assert output_location(both) == place
    assert output_key(place, "dfl-1", "md") == "out/dfl-1.md"


@pytest.mark.parametrize(
    ("parameters", "field"),
    [
        ({"output_s3_path_prefix": "out/"}, "outputBucket"),
        ({"output_s3_path_prefix": "s3://one/", "outputBucket": "two"}, "outputBucket"),
        ({"output_s3_path_prefix": "s3://bucket/../", "outputBucket": "bucket"}, "prefix"),
        ({"outputBucket": "No_Bucket"}, "^outputBucket: "),
        ({"outputBucket": "x", "output_s3_path_prefix": "out/"}, "^outputBucket: .*3 to 63"),
        ({"outputBucket": "bucket", "output_s3_path_prefix": "../"}, "^output_s3_path_prefix: "),
        ({"output_s3_region": "eu-central-1"}, "output_s3_region"),
    ],
)
def test_a_place_that_cannot_be_made_out_names_its_field(
    parameters: dict[str, str], field: str
) -> None:
    with pytest.raises(ValueError, match=field):
        output_location(config(**parameters))
    assert stored_output(config(**parameters)) is None


@pytest.mark.parametrize(
    ("parameters", "field", "uri"),
    [
        ({"outputBucket": "bucket"}, "outputBucket", "s3://bucket/"),
        (
            {"outputBucket": "bucket", "output_s3_path_prefix": "a/b"},
            *("output_s3_path_prefix", "s3://bucket/a/b/"),
        ),
    ],
)
def test_a_refusal_names_the_field_that_was_given_and_what_would_open_it(
    parameters: dict[str, str], field: str, uri: str
) -> None:
    asked = config({"file_id_partition": "1"}, **parameters)
    with pytest.raises(OutputRefusedError) as raised:
        check_output(asked, "p", parse_allowed({"p": ["s3://bucket/out/"]}))
    said, _, example = str(raised.value).partition(" by SHEAF_S3_OUTPUTS, such as ")
    assert said.startswith(f"{field}: {uri} is not open to the project p; ")
    assert json.loads(example) == {"p": [uri]}
    check_output(asked, "p", parse_allowed(json.loads(example)))


def test_a_place_that_is_open_with_its_partitions_alone_is_not_refused() -> None:
    asked = config({"file_id_partition": "1"}, output_s3_path_prefix="s3://bucket/")
    check_output(asked, "p", parse_allowed({"*": ["s3://bucket/file_id_partition=1/"]}))


@given(name=st.text(st.sampled_from("%/\0a.0"), max_size=8) | st.text(max_size=8))
def test_a_name_leads_back_to_its_key(name: str) -> None:
    location = S3Location("bucket", "in/")
    known = name_of(location.key(name), location)
    assert known
    assert "\0" not in known
    assert key_of(known, location) == location.key(name)


@pytest.mark.parametrize("key", ["a", "a/b.c", "a b/é", "...", "a/..b"])
def test_a_path_is_a_path(key: str) -> None:
    assert is_path(key)


@pytest.mark.parametrize("key", ["", "/a", "a/", "a//b", ".", "a/..", "../a", "a\n", "\0", "\x7f"])
def test_a_key_that_no_path_names_is_none(key: str) -> None:
    assert not is_path(key)
