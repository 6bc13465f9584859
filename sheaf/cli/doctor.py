"""`sheaf doctor`: what is installed, reachable and registered, and what to do where it is not."""

import asyncio
import hashlib
import subprocess
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated

import typer

from sheaf.cli.output import console, print_json, short_at
from sheaf.cli.session import Session, session, uses_own_temporal
from sheaf.composition import connect, temporal_address
from sheaf.config import Settings
from sheaf.embedded.temporal_server import temporal_binary
from sheaf.engines.ocr import installed_languages
from sheaf.jobs.search_attributes import missing_search_attributes
from sheaf.ledger.migrate import is_current
from sheaf.processing.passwords import Passwords, PasswordsError
from sheaf.runtime import http_client
from sheaf.storage.opened import open_blobs

CHECK_KEY = "doctor/check"
ANSWER_SECONDS = 5.0
QUIET_SECONDS = 10
"""A worker's event loop beats each second."""

RECENT_SECONDS = 600
ENGINES = ("liteparse", "xberg", "wordllama")


@dataclass(frozen=True)
class Check:
    """One thing that was looked at."""

    name: str
    is_good: bool
    found: str
    advice: str = ""


def doctor(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Check the installation, the ledger and Temporal; say what to do about what is wrong.

    \b
    Example:
      sheaf doctor
    """
    checks = asyncio.run(_checks())
    if as_json:
        print_json([asdict(check) for check in checks])
    else:
        for check in checks:
            mark = "[green]ok  [/green]" if check.is_good else "[red]look[/red]"
            console.print(f"{mark} {check.name:18} {check.found}", soft_wrap=True)
            if not check.is_good:
                console.print(f"     {'':18} {check.advice}", soft_wrap=True)
    raise typer.Exit(0 if all(check.is_good for check in checks) else 1)


async def _checks() -> list[Check]:
    async with session() as current:
        checks = [_package("sheaf"), _package("temporalio"), *map(_package, ENGINES)]
        checks += [_binary(current), _ocr(), await _ledger(current), await _storage(current)]
        checks.append(_passwords(current.settings))
        for check in (_temporal, _attributes, _ui, _api, _worker, _restarts):
            checks.append(await _guarded(check, current))
        return checks


def _package(name: str) -> Check:
    try:
        return Check(name, True, version(name))
    except PackageNotFoundError:
        return Check(name, False, "not installed", f"install it: pip install {name}")


def _binary(current: Session) -> Check:
    try:
        path = temporal_binary(current.settings.temporal_bin)
    except FileNotFoundError as error:
        return Check("temporal binary", False, "none", str(error))
    shown = subprocess.run(
        [str(path), "--version"], capture_output=True, text=True, timeout=20, check=False
    ).stdout.strip()
    return Check("temporal binary", bool(shown), f"{shown} sha256 {_digest(path)[:16]} {path}")


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _ocr() -> Check:
    languages = installed_languages()
    advice = "scans and images will fail; install the Debian package tesseract-ocr-eng"
    return Check("OCR data", bool(languages), ", ".join(languages) or "none", advice)


async def _ledger(current: Session) -> Check:
    url = current.database.engine.url.render_as_string(hide_password=True)
    good = await is_current(current.database)
    return Check("ledger", good, url, "`sheaf up` brings it up to date")


async def _storage(current: Session) -> Check:
    blobs = open_blobs(current.settings.storage_url, current.settings.home)
    advice = "is SHEAF_STORAGE_URL right, and do the AWS_* variables allow to read and write there?"
    try:
        await blobs.put_many([(CHECK_KEY, b"written")])
        is_good = await blobs.get(CHECK_KEY) == b"written"
        await blobs.delete(CHECK_KEY)
    except OSError as error:
        return Check("storage", False, f"{blobs.uri('')}: {error}"[:300], advice)
    return Check("storage", is_good, blobs.uri(""), advice)


def _passwords(settings: Settings) -> Check:
    file = settings.passwords_file
    try:
        Passwords(file)
    except PasswordsError as error:
        advice = f"no worker starts with {file}: mend it, or unset SHEAF_PASSWORDS_FILE"
        return Check("passwords", False, str(error), advice)
    return Check("passwords", True, str(file or "none; SHEAF_PASSWORDS_FILE is not set"))


async def _temporal(current: Session) -> Check:
    client = await connect(attempts=1, address=_address(current))
    good = await client.service_client.check_health()
    return Check("Temporal", good, f"{client.namespace} at {_shown_address(current)}")


async def _attributes(current: Session) -> Check:
    missing = await missing_search_attributes(await connect(attempts=1, address=_address(current)))
    found = f"missing: {', '.join(missing)}" if missing else "registered"
    return Check("Search Attributes", not missing, found, "starting a worker registers them")


async def _ui(current: Session) -> Check:
    running = current.home.running()
    if running is None:
        return Check("Temporal UI", True, "not ours to start")
    async with http_client.direct_client(ANSWER_SECONDS) as client:
        answer = await client.get(running.ui_address)
    return Check("Temporal UI", answer.is_success, running.ui_address, "see logs/temporal.log")


async def _api(current: Session) -> Check:
    running = current.home.running()
    if running is None or not running.api_address:
        return Check("API", True, "not ours to start")
    async with http_client.direct_client(ANSWER_SECONDS) as client:
        lives = await client.get(f"{running.api_address}/livez")
        ready = await client.get(f"{running.api_address}/readyz")
    found = f"{running.api_address} livez {lives.status_code} readyz {ready.status_code}"
    return Check("API", lives.is_success and ready.is_success, found, "see logs/api.log")


async def _worker(current: Session) -> Check:
    if current.home.running() is None:
        return Check("Worker", True, "not ours to start")
    try:
        age = time.time() - current.home.ready_file.stat().st_mtime
    except OSError:
        return Check("Worker", False, "not ready", "see logs/worker.log")
    advice = "it is started again when this does not end; see logs/worker.log"
    return Check("Worker", age < QUIET_SECONDS, f"last beat {max(0, age):.0f} s ago", advice)


async def _restarts(current: Session) -> Check:
    running = current.home.running()
    if running is None:
        return Check("Restarts", True, "not ours to start")
    happened = {role: of for role, of in running.restarts.items() if of.count}
    said = (
        f"{role} {of.count}, last at {short_at(int(of.last_at * 1_000_000))}: {of.last_why}"
        for role, of in happened.items()
    )
    is_long_ago = all(time.time() - of.last_at > RECENT_SECONDS for of in happened.values())
    return Check("Restarts", is_long_ago, "; ".join(said) or "none", "see logs/ROLE.log")


_NAMES: dict[object, str] = {
    _temporal: "Temporal",
    _attributes: "Search Attributes",
    _ui: "Temporal UI",
    _api: "API",
    _worker: "Worker",
    _restarts: "Restarts",
}


async def _guarded(check: Callable[[Session], Awaitable[Check]], current: Session) -> Check:
    name = _NAMES[check]
    if not uses_own_temporal() and current.home.running() is None:
        return Check(name, True, "not running; `sheaf up` starts it")
    try:
        return await check(current)
    except (RuntimeError, OSError, http_client.HTTPError) as error:
        found, advice = str(error)[:200], "see logs/api.log in the home"
        if check is not _api:
            found = f"{_shown_address(current)}: {found}"
            advice = "see logs/temporal.log in the home"
            if uses_own_temporal():
                advice = "does it run, and is TEMPORAL_ADDRESS right?"
        return Check(name, False, found, advice)


def _shown_address(current: Session) -> str:
    return _address(current) or temporal_address()


def _address(current: Session) -> str | None:
    if uses_own_temporal():
        return None
    running = current.home.running()
    return running.temporal_address if running else None
