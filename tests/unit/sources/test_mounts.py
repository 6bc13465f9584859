"""Which file systems are known to be on disks of this machine."""

import os
from pathlib import Path

import pytest

from sheaf.sources import mounts

TABLE = """\
22 27 0:21 / /proc rw,relatime - proc proc rw
27 1 259:1 / / rw,noatime shared:1 - ext4 /dev/root rw
40 27 8:17 / /data rw,noatime shared:7 master:2 - xfs /dev/sdb1 rw
41 27 0:45 / /mnt/nfs rw,relatime shared:9 - nfs4 server:/export rw,hard,addr=10.0.0.1
42 27 0:46 / /mnt/a\\040-\\040ext4 rw,relatime - cifs //server/share rw
43 27 0:47 / /mnt/fuse rw,relatime - fuse.sshfs ext4@server:/ rw
44 27 0:48 / /run rw,nosuid - tmpfs tmpfs rw
"""


@pytest.mark.parametrize(
    ("device", "expected"),
    [
        *((pair, True) for pair in ((259, 1), (8, 17), (0, 48))),
        *((pair, False) for pair in ((0, 21), (0, 45), (0, 46), (0, 47), (0, 99))),
    ],
)
def test_only_what_is_known_to_be_on_a_disk_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, device: tuple[int, int], expected: bool
) -> None:
    table = tmp_path / "mountinfo"
    table.write_text(TABLE)
    monkeypatch.setattr(mounts, "MOUNTS", table)
    assert mounts.is_on_disk(os.makedev(*device)) is expected


def test_where_there_is_no_such_table_nothing_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mounts, "MOUNTS", tmp_path / "none")
    assert not mounts.is_on_disk(tmp_path.stat().st_dev)
