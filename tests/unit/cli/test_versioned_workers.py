"""Settings of workers with versions, where none may have one."""

import pytest

from sheaf.cli.faults import Fault
from sheaf.cli.session import check_unversioned, load_settings
from sheaf.config import Settings


@pytest.mark.parametrize("name", ["SHEAF_WORKER_DEPLOYMENT", "SHEAF_BUILD_ID"])
def test_half_of_a_version_is_refused_by_both_names(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "v1")
    with pytest.raises(Fault, match=r"^SHEAF_WORKER_DEPLOYMENT and SHEAF_BUILD_ID belong together"):
        load_settings()


def test_the_worker_of_a_home_takes_no_version() -> None:
    check_unversioned(Settings())
    with pytest.raises(Fault, match="unset them"):
        check_unversioned(Settings(worker_deployment="sheaf", build_id="v1"))
