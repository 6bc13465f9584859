"""The memory that a process may count on."""

from pathlib import Path

import psutil

from sheaf.runtime.memory import memory_bytes


def test_a_container_has_its_limit_and_a_machine_all_of_its_memory(tmp_path: Path) -> None:
    limited, unlimited = tmp_path / "limited", tmp_path / "unlimited"
    limited.write_text("1048576\n")
    unlimited.write_text("max\n")
    total = psutil.virtual_memory().total
    assert memory_bytes((limited,)) == 1048576
    assert memory_bytes((unlimited,)) == memory_bytes((tmp_path / "none",)) == total
