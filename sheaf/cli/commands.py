"""The commands by their names: each is imported when it is called, and `--help` needs none."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup


@dataclass(frozen=True)
class Entry:
    """Where a command is written, and the line that the list of commands has of it."""

    module: str
    attribute: str
    summary: str
    """The first line of its help, which a test compares."""


COMMANDS: Mapping[str, Entry] = {
    "up": Entry(
        "up", "up", "Start Temporal, a worker and the API in this home; Ctrl-C stops them."
    ),
    "down": Entry(
        "up",
        "down",
        "Stop what runs in this home. Batches go on where they were when it is started again.",
    ),
    "run": Entry("run", "run", "Parse or classify every file of a folder, and show how it goes."),
    "watch": Entry("run", "watch", "Show a batch until it ends; Ctrl-C stops only the view."),
    "list": Entry(
        "look", "list_jobs", "List batches, newest first. Files that were skipped count as done."
    ),
    "show": Entry("look", "show_job", "Show a batch and its items, and what it waits for."),
    "cancel": Entry(
        "run", "cancel", "Cancel a batch: nothing new is started, what is done stays done."
    ),
    "results": Entry(
        "export", "results", "Print what became of one file: its markdown, or why there is none."
    ),
    "export": Entry(
        "export",
        "export",
        "Write a batch's markdown files and a manifest of all its items. Works at any time.",
    ),
    "serve": Entry("serve", "serve", "Serve the HTTP API in the foreground; Ctrl-C stops it."),
    "migrate": Entry(
        "migrate",
        "migrate",
        "Bring the ledger to the newest schema; where it has that already, nothing is changed.",
    ),
    "keys": Entry(
        "keys", "keys", "Make, list and revoke keys of the HTTP API, and renew the signing key."
    ),
    "webhooks": Entry("webhooks", "webhooks", "Follow, test and repeat what receivers are told."),
    "doctor": Entry(
        "doctor",
        "doctor",
        "Check the installation, the ledger and Temporal; say what to do about what is wrong.",
    ),
}


class LazyGroup(TyperGroup):
    """The commands of `COMMANDS`, each imported when it is asked for, but not for the list."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands = {
            name: TyperCommand(name, help=entry.summary) for name, entry in COMMANDS.items()
        }
        self._is_listing = False

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Import a command; while they are listed, give one that has nothing but its line."""
        if self._is_listing or cmd_name not in COMMANDS:
            return super().get_command(ctx, cmd_name)
        return imported(cmd_name)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the list of commands without importing any."""
        self._is_listing = True
        super().format_help(ctx, formatter)


def imported(name: str) -> Any:
    """Import a command, or a group of them."""
    entry = COMMANDS[name]
    found = getattr(import_module(f"sheaf.cli.{entry.module}"), entry.attribute)
    # What a service logs is no part of what a command prints, which may be JSON.
    structlog = import_module("structlog")
    structlog.configure(logger_factory=lambda *_: structlog.PrintLogger(sys.stderr))
    if isinstance(found, typer.Typer):
        group = typer.main.get_group(found)
        group.name = name
        return group
    alone = typer.Typer(add_completion=False)
    alone.command(name)(found)
    return typer.main.get_command(alone)


def _print_version(is_asked: bool) -> None:
    if is_asked:
        from importlib.metadata import version

        typer.echo(version("sheaf"))
        raise typer.Exit


def root(
    _version: Annotated[
        bool,
        typer.Option(
            "--version", is_eager=True, callback=_print_version, help="Print the version."
        ),
    ] = False,
) -> None:
    """Parse or classify every file of a folder, durably."""
