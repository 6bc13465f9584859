"""Servers for the Workflow tests."""

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import WorkflowEnvironment

TEST_SERVER = Path(sys.executable).with_name("temporal-test-server")
DEV_SERVER = Path(sys.executable).with_name("temporal")


@pytest_asyncio.fixture
async def time_skipping() -> AsyncIterator[WorkflowEnvironment]:
    """A time-skipping server of the test's own.

    Its clock stands still while an Activity runs: a child that outlives its parent, and the test,
    would hold the clock of the next one.
    """
    async with await WorkflowEnvironment.start_time_skipping(
        data_converter=pydantic_data_converter, test_server_existing_path=str(TEST_SERVER)
    ) as environment:
        yield environment


@pytest_asyncio.fixture(scope="session")
async def dev_server() -> AsyncIterator[WorkflowEnvironment]:
    """One server for the session whose time is real: what is about its own clock needs it."""
    async with await WorkflowEnvironment.start_local(
        data_converter=pydantic_data_converter, dev_server_existing_path=str(DEV_SERVER)
    ) as environment:
        yield environment
