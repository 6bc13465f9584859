"""Whatever a folder holds is listed, and whatever is listed ends by itself."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import AsyncExitStack, nullcontext
from pathlib import Path

import pytest

from sheaf.contracts.failures import DocumentError, FailureKind
from sheaf.ledger.records import ClaimedItem
from sheaf.sources.content import Content
from sheaf.sources.items import ItemFiles
from sheaf.sources.local import source_name, source_path, source_uri, walk
from sheaf.storage.local import LocalBlobs
from tests.strange_entries import StrangeTree, as_plain_user, strange_tree

USERS = ("root", "plain user")


@pytest.fixture(scope="module")
def tree() -> Iterator[StrangeTree]:
    with strange_tree() as made:
        yield made


def keys_of(tree: StrangeTree, user: str) -> tuple[list[str], set[str]]:
    """Return what is listed, and what is to be."""
    is_root = user == "root" and os.geteuid() == 0
    with nullcontext() if user == "root" else as_plain_user():
        return [file.unique_id for file in walk(tree.root)], tree.keys(is_root=is_root)


@pytest.mark.parametrize("user", USERS)
def test_every_entry_is_listed_once(tree: StrangeTree, user: str) -> None:
    listed, expected = keys_of(tree, user)
    assert sorted(listed) == sorted(expected)
    assert tree.ignored.isdisjoint(listed)


@pytest.mark.parametrize("user", USERS)
def test_a_listing_goes_on_behind_any_entry(tree: StrangeTree, user: str) -> None:
    listed, _ = keys_of(tree, user)
    with nullcontext() if user == "root" else as_plain_user():
        for place, key in enumerate(listed, 1):
            assert [file.unique_id for file in walk(tree.root, key)] == listed[place:], key


def claimed(tree: StrangeTree, key: str, ordinal: int) -> ClaimedItem:
    return ClaimedItem(
        ordinal=ordinal,
        fence=1,
        attempts=0,
        lost_claims=0,
        task_id="",
        file_id="",
        unique_id=key,
        display_name=key.rpartition("/")[2],
        size_bytes=0,
        mtime_ns=0,
        source_uri=source_uri(tree.root),
    )


@pytest.mark.parametrize("user", USERS)
async def test_each_entry_is_read_or_fails_alone(
    tree: StrangeTree, user: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scratch = tree.root.parent / f"scratch of {user}"
    scratch.mkdir()
    scratch.chmod(0o777)
    monkeypatch.setattr("sheaf.sources.items.own_folder", lambda: scratch)
    listed, _ = keys_of(tree, user)
    items = [claimed(tree, key, number) for number, key in enumerate(listed)]
    files = ItemFiles(LocalBlobs(tmp_path))
    async with AsyncExitStack() as stack:
        if user != "root":
            stack.enter_context(as_plain_user())
        paths = await stack.enter_async_context(files.on_disk("default", items))
        for path in paths:
            assert isinstance(path, DocumentError) or str(path).encode()
        read_them = await files.contents("default", items, paths)
        contents = dict(zip(listed, read_them, strict=True))
    assert list(scratch.iterdir()) == []
    read = {key for key, content in contents.items() if isinstance(content, Content)}
    is_root = user == "root" and os.geteuid() == 0
    assert read == tree.readable | (tree.barred_for_root if is_root else set())
    kinds = {key: e.kind for key, e in contents.items() if isinstance(e, DocumentError)}
    assert set(kinds.values()) <= {FailureKind.REFUSED, FailureKind.SOURCE_CHANGED}
    assert kinds["dangling"] is FailureKind.SOURCE_CHANGED
    if user != "root":
        assert {kinds[key] for key in tree.barred} == {FailureKind.REFUSED}


def test_a_source_whose_own_name_is_no_text_can_be_named(tmp_path: Path) -> None:
    root = tmp_path / os.fsdecode(b"caf\xe9")
    root.mkdir()
    assert source_path(source_uri(root)) == root
    assert source_name(root) == "caf\\xe9"


@pytest.fixture
def deep(tmp_path: Path) -> Iterator[Path]:
    """A folder whose tree pytest could not delete: its clean-up calls itself once a level."""
    yield tmp_path
    subprocess.run(["rm", "-rf", tmp_path / "d"], check=True)


def test_a_tree_deeper_than_the_stack_of_python_is_listed(deep: Path) -> None:
    level = os.open(deep, os.O_RDONLY)
    for _ in range(1500):
        os.mkdir("d", dir_fd=level)
        inner = os.open("d", os.O_RDONLY, dir_fd=level)
        os.close(level)
        level = inner
    os.close(os.open("file", os.O_CREAT | os.O_WRONLY, dir_fd=level))
    os.close(level)
    (file,) = walk(deep)
    assert file.unique_id == "d/" * 1500 + "file"
    assert [*walk(deep, file.unique_id)] == []
