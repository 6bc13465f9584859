"""`sheaf webhooks`: who is told of events, what came of it, and telling it again."""

import asyncio
import time
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Column, Table

from sheaf.cli.durations import span
from sheaf.cli.faults import Fault
from sheaf.cli.output import at, console, print_json
from sheaf.cli.parameters import finite
from sheaf.cli.session import Session, session
from sheaf.composition import receivers
from sheaf.contracts.http.deliveries import Delivery, delivery_number
from sheaf.contracts.http.secrets import HIDDEN, shown_url
from sheaf.contracts.states import DeliveryStatus
from sheaf.ledger.records import NotFoundError
from sheaf.ledger.webhooks.configs import WebhookConfigLedger, WebhookConfigRow
from sheaf.ledger.webhooks.delivery_log import DeliveryFilter, DeliveryLog
from sheaf.rules.times import microseconds
from sheaf.webhooks.receivers import UNREADABLE, Sealed
from sheaf.webhooks.shown import delivery

MAX_LISTED = 1000

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Since = Annotated[str, typer.Option(help="Such as 30m, 12h or 7d ago, or 2026-11-24T08:00.")]
Receiver = Annotated[str | None, typer.Option(help="Only of this receiver, whc-….")]
Job = Annotated[str | None, typer.Option(help="Only of this batch.")]

webhooks = typer.Typer(
    help="Follow, test and repeat what receivers are told.", no_args_is_help=True
)


@webhooks.command("list")
def list_receivers(as_json: AsJson = False) -> None:
    """List saved receivers, newest first. Secrets are not shown.

    \b
    Example:
      sheaf webhooks list
    """

    async def read() -> list[dict[str, object]]:
        async with session() as current:
            rows, _ = await WebhookConfigLedger(current.database).page(
                current.settings.project, None, MAX_LISTED
            )
            opened = receivers(current.settings, current.database)
            return [_listed(row, opened.opened(row.sealed)) for row in rows]

    found = asyncio.run(read())
    if as_json:
        print_json(found)
        return
    table = Table(
        Column("receiver", no_wrap=True), Column("url", overflow="fold"), "events", "state"
    )
    for one in found:
        events = one["events"]
        shown = ", ".join(events) if isinstance(events, list) else "all"
        state = f"disabled: {one['disabled']}" if one["disabled"] else "on"
        table.add_row(str(one["id"]), escape(str(one["url"])), shown, state)
    console.print(
        table if found else "No saved receivers; POST /api/v1/beta/webhook-configs saves one."
    )


def _listed(row: WebhookConfigRow, held: Sealed | None) -> dict[str, object]:
    return {
        "id": row.id,
        "url": shown_url(held.webhook_url) if held else HIDDEN,
        "events": row.events,
        "disabled": row.disabled_reason if held else UNREADABLE,
        "created_at": at(row.created_at),
    }


@webhooks.command()
def deliveries(
    receiver: Receiver = None,
    job: Job = None,
    event: Annotated[str | None, typer.Option(help="Such as batch.success.")] = None,
    status: Annotated[DeliveryStatus | None, typer.Option(help="Only these.")] = None,
    since: Since = "7d",
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="Most deliveries.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List what was told to whom, newest first, with the last attempt of each.

    \b
    Examples:
      sheaf webhooks deliveries --status given_up --since 12h
      sheaf webhooks deliveries --job bjb-0192f0… --json
    """
    found = asyncio.run(_read(_filter(receiver, job, since, status, event), limit))
    if as_json:
        print_json([one.model_dump(mode="json") for one in found])
        return
    whole = (Column(name, no_wrap=True) for name in ("delivery", "event", "status"))
    table = Table(*whole, "attempts", "last", "ms", "at")
    for one in found:
        last = one.attempts[-1] if one.attempts else None
        answer = str((last.status_code or last.error or "") if last else "")
        latency = str(last.latency_ms) if last else ""
        when = f"{one.created_at:%Y-%m-%d %H:%M:%S}"
        table.add_row(
            *(one.id, one.event_type, one.status, str(len(one.attempts)), answer, latency, when)
        )
    console.print(table if found else "No deliveries.")


@webhooks.command()
def redeliver(
    delivery_id: Annotated[
        str | None, typer.Argument(help="From `sheaf webhooks deliveries`; without it, all.")
    ] = None,
    receiver: Receiver = None,
    job: Job = None,
    since: Since = "7d",
    as_json: AsJson = False,
) -> None:
    """Send one event again, or all that were given up. Disabled receivers are tried again.

    \b
    Examples:
      sheaf webhooks redeliver whd-17
      sheaf webhooks redeliver --since 12h --receiver whc-0192f0…
    """

    async def send() -> int:
        async with session() as current:
            log = DeliveryLog(current.database)
            if delivery_id is None:
                asked = _filter(receiver, job, since, DeliveryStatus.GIVEN_UP, None)
                return await log.redeliver_all(_of(current, asked))
            try:
                await log.redeliver(current.settings.project, _number(delivery_id))
            except NotFoundError as error:
                raise Fault(str(error)) from error
            return 1

    count = asyncio.run(send())
    if as_json:
        print_json({"redelivered": count})
    else:
        console.print(
            f"{count} to be sent again; `sheaf webhooks deliveries` shows what comes of it."
        )


@webhooks.command("test")
def send_test(
    receiver: Annotated[str, typer.Argument(help="Of `sheaf webhooks list`.")],
    wait: Annotated[
        float, typer.Option(min=0, callback=finite, help="Seconds to wait for its answer.")
    ] = 20,
    as_json: AsJson = False,
) -> None:
    """Send a receiver a `webhook.test` and show what it answers.

    \b
    Example:
      sheaf webhooks test whc-0192f0…
    """
    told = asyncio.run(_test(receiver, wait))
    if as_json:
        print_json(told.model_dump(mode="json"))
    elif not told.attempts:
        console.print(f"{told.id} is not sent yet; is `sheaf up` running?")
    else:
        last = told.attempts[-1]
        answer = last.status_code or last.error
        console.print(f"{told.id}: {told.status}, {answer} after {last.latency_ms} ms")
    raise typer.Exit(0 if told.status is DeliveryStatus.DELIVERED else 1)


async def _test(receiver: str, wait: float) -> Delivery:
    async with session() as current:
        log = DeliveryLog(current.database)
        try:
            row = await log.post_test(current.settings.project, receiver)
        except NotFoundError as error:
            raise Fault(str(error)) from error
        deadline = time.monotonic() + wait
        while not row.log and time.monotonic() < deadline:
            await asyncio.sleep(0.2)
            row = await log.get(current.settings.project, row.id)
        return delivery(row)


async def _read(asked: DeliveryFilter, limit: int) -> list[Delivery]:
    async with session() as current:
        rows = await DeliveryLog(current.database).page(_of(current, asked), None, limit)
        return [delivery(row) for row in rows]


def _of(current: Session, asked: DeliveryFilter) -> DeliveryFilter:
    return DeliveryFilter(**{**vars(asked), "project_id": current.settings.project})


def _filter(
    receiver: str | None,
    job: str | None,
    since: str,
    status: DeliveryStatus | None,
    event: str | None,
) -> DeliveryFilter:
    return DeliveryFilter(
        project_id="",
        receiver_id=receiver,
        job_id=job,
        event_type=event,
        status=status,
        created_from=_moment(since),
    )


def _moment(text: str) -> int:
    ago = span(text)
    if ago is not None:
        return microseconds(datetime.now(UTC) - ago)
    try:
        return microseconds(datetime.fromisoformat(text))
    except ValueError as error:
        raise Fault(f"--since {text}: write 30m, 12h, 7d or 2026-11-24T08:00", code=2) from error


def _number(delivery_id: str) -> int:
    number = delivery_number(delivery_id)
    if number is None:
        raise Fault(f"{delivery_id} is no delivery; `sheaf webhooks deliveries` lists them", code=2)
    return number
