"""How child processes are started, so that nothing of the working directory is executed.

The working directory is whatever folder a user stands in, and may hold files of strangers: a
`structlog.py` or a `temporal` there must not run. Each command of a Python child and each child's
environment is made here.
"""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

SAFE_PATH = "-P"
"""Keeps the working directory from the front of a Python child's search path."""

_SEARCH_PATHS = ("PATH", "PYTHONPATH")
_LEFT_OUT = ("PYTHONSTARTUP", "PYTHONINSPECT", "PYTHONBREAKPOINT")
"""They have Python run something beside what it is told to."""


def python_command(module: str, *arguments: str) -> list[str]:
    """Return the command that runs an importable module in this interpreter."""
    return [sys.executable, SAFE_PATH, "-m", module, *arguments]


def installed_program(name: str) -> Path:
    """Return where a package of this environment installs a program."""
    return Path(sys.executable).with_name(name)


def child_environment(
    environment: Mapping[str, str] | None = None, /, **extra: str
) -> dict[str, str]:
    """Return an environment for a child, and for what that starts in its turn.

    Args:
        environment: what it begins with; None takes that of this process.
        extra: more variables.
    """
    given = {**(os.environ if environment is None else environment), **extra}
    made = {name: value for name, value in given.items() if name not in _LEFT_OUT}
    for name in _SEARCH_PATHS:
        if name in made:
            made[name] = absolute_entries(made[name])
    if not made.get("PYTHONPATH"):
        made.pop("PYTHONPATH", None)
    return made | {"PYTHONSAFEPATH": "1"}


def absolute_entries(search_path: str) -> str:
    """Return a search path without its relative entries; an empty one is the working directory."""
    return os.pathsep.join(filter(os.path.isabs, search_path.split(os.pathsep)))
