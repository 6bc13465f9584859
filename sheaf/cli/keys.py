"""`sheaf keys`: who may use the HTTP API."""

import asyncio
from datetime import timedelta
from typing import Annotated, Any

import typer

from sheaf.cli.durations import lifetime
from sheaf.cli.faults import Fault
from sheaf.cli.key_rotation import LinksStayError, Rotation
from sheaf.cli.key_rotation import rotate as rotate_keys
from sheaf.cli.output import at, console, print_json, print_rows
from sheaf.cli.session import session
from sheaf.contracts.apis import Scope
from sheaf.ledger.access.keys import KEY_PREFIX, ApiKey, KeyLedger
from sheaf.ledger.database import now_us
from sheaf.ledger.records import NotFoundError

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]

keys = typer.Typer(
    help="Make, list and revoke keys of the HTTP API, and renew the signing key.",
    no_args_is_help=True,
)


@keys.command()
def create(
    name: Annotated[str, typer.Argument(help="What the key is for; for people.")],
    project: Annotated[
        str | None, typer.Option(help="Project it opens; by default SHEAF_PROJECT.")
    ] = None,
    scope: Annotated[
        Scope, typer.Option(help="What it allows; each allows what the ones before it do.")
    ] = Scope.WRITE,
    expires_in: Annotated[
        str | None,
        typer.Option(help="Such as 12h, 90d or 4w; without it, it lasts until it is revoked."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make a key and print it. It is stored as a hash: this is the only time that it is shown.

    \b
    Examples:
      sheaf keys create dashboard --scope read
      sheaf keys create ingest --project invoices --expires-in 90d
    """
    lasts = lifetime("--expires-in", expires_in) if expires_in else None

    async def make() -> tuple[ApiKey, str]:
        async with session() as current:
            expires_at = now_us() + lasts // timedelta(microseconds=1) if lasts else None
            return await KeyLedger(current.database).create(
                project or current.settings.project, name, scope, expires_at
            )

    key, secret = asyncio.run(make())
    if as_json:
        print_json(_key_json(key) | {"key": secret})
        return
    until = f", until {at(key.expires_at)}" if key.expires_at else ""
    console.print(
        f"{key.id}: {key.scope} in project {key.project_id}{until}", soft_wrap=True, markup=False
    )
    console.print(f"API key {secret}", soft_wrap=True, markup=False)
    console.print("Keep it now: it cannot be shown again.")


@keys.command("list")
def list_keys(
    project: Annotated[str | None, typer.Option(help="Only keys of this project.")] = None,
    as_json: AsJson = False,
) -> None:
    """List keys, oldest first, by the first characters of each after `sk-sheaf-`.

    \b
    Example:
      sheaf keys list --project invoices
    """

    async def read() -> list[ApiKey]:
        async with session() as current:
            return await KeyLedger(current.database).all(project)

    found = asyncio.run(read())
    if as_json:
        print_json([_key_json(key) for key in found])
        return
    if found:
        print_keys(found)
    else:
        console.print("No keys yet; `sheaf keys create NAME` makes one.")


@keys.command()
def revoke(
    key_id: Annotated[str, typer.Argument(help="From `sheaf keys list`.")],
    as_json: AsJson = False,
) -> None:
    """End a key at once. The home's own key, `local`, is replaced at the next `sheaf up`.

    \b
    Example:
      sheaf keys revoke key-0192f0…
    """

    async def end() -> None:
        async with session() as current:
            try:
                await KeyLedger(current.database).revoke(key_id)
            except NotFoundError as error:
                raise Fault(str(error)) from error

    asyncio.run(end())
    if as_json:
        print_json({"id": key_id, "revoked": True})
    else:
        console.print(f"Revoked {key_id}.", soft_wrap=True, markup=False)


@keys.command()
def rotate(
    end_links: Annotated[
        bool, typer.Option("--end-links", help="End links that were given out, as after a leak.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Sign links, and seal what receivers of events are told, under a new signing key.

    A home makes the new key itself, also while it is up: what runs takes it up. Where
    SHEAF_SIGNING_KEY names the key: set a new one, name the old one in
    SHEAF_PREVIOUS_SIGNING_KEYS, restart every process, and then run this.
    Links that were given out last as they say, under a home for a week at most.

    \b
    Examples:
      sheaf keys rotate
      sheaf keys rotate --end-links
    """

    async def go() -> Rotation:
        async with session() as current:
            try:
                return await rotate_keys(current.settings, current.database, ends_links=end_links)
            except LinksStayError as error:
                raise Fault(
                    "--end-links: SHEAF_SIGNING_KEY names the key. Run this without it, and then "
                    "take the old key out of SHEAF_PREVIOUS_SIGNING_KEYS and restart the API",
                    code=2,
                ) from error

    done = asyncio.run(go())
    if as_json:
        print_json(vars(done))
    else:
        made = "Made a new signing key. " if done.is_new_key else ""
        console.print(f"{made}Sealed under it: {done.resealed}.", markup=False)
    if done.broken:
        raise Fault(
            f"{done.broken} receivers are sealed under keys that are not here; name them in "
            "SHEAF_PREVIOUS_SIGNING_KEYS and run this again, or give the receivers their URL anew"
        )


def print_keys(found: list[ApiKey]) -> None:
    """Print a line for each key; what may be long stands last."""
    rows = [
        (
            *(key.id, key.hint.removeprefix(KEY_PREFIX) + "…", key.scope, _ends(key)),
            *(key.project_id, key.name),
        )
        for key in found
    ]
    print_rows(("id", "key", "scope", "ends", "project", "name"), rows)


def _ends(key: ApiKey) -> str:
    if key.revoked_at:
        return "revoked"
    if not key.is_valid:
        return "expired"
    return (at(key.expires_at) or "never")[:10]


def _key_json(key: ApiKey) -> dict[str, Any]:
    return {
        "id": key.id,
        "name": key.name,
        "project_id": key.project_id,
        "scope": key.scope,
        "hint": key.hint,
        "is_valid": key.is_valid,
        "created_at": at(key.created_at),
        "expires_at": at(key.expires_at),
        "revoked_at": at(key.revoked_at),
    }
