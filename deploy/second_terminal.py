"""What another terminal needs to use a stack that `make stack KEEP=1` has left up."""

import json
import os
import shlex
import subprocess
from collections.abc import Mapping
from pathlib import Path

from sheaf.runtime.children import child_environment, installed_program, python_command

NAMES = (
    *("TEMPORAL_ADDRESS", "SHEAF_HOME", "SHEAF_DATABASE_URL", "SHEAF_STORAGE_URL"),
    *("SHEAF_S3_SOURCES", "SHEAF_S3_OUTPUTS", "SHEAF_SIGNING_KEY"),
    *("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION", "AWS_ENDPOINT_URL"),
)


def tell(folder: Path, environment: Mapping[str, str], api: str) -> None:
    """Make a key to the API, write `FOLDER/env`, and print how to use both."""
    key = _new_key(environment)
    file = write_env(folder / "env", environment, key)
    print(f"\nAPI {api}\nAPI key {key}\n")
    print("It stays up until Ctrl-C. In another terminal:")
    print(f"  . {file}")
    print("  sheaf list")
    shown = '"Authorization: Bearer $KEY"'
    print(f"  curl -H {shown} {api}/api/v1/beta/batch-processing", flush=True)


def write_env(file: Path, environment: Mapping[str, str], key: str) -> Path:
    """Write a file for a shell to read, which its owner alone may: it has the keys to everything.

    It sets `NAMES`, the API's key as `KEY`, and puts this environment's commands first in `PATH`.
    """
    values = {name: environment[name] for name in NAMES} | {"KEY": key}
    lines = [f"export {name}={shlex.quote(value)}" for name, value in values.items()]
    lines.append(f'export PATH={shlex.quote(str(installed_program("sheaf").parent))}:"$PATH"')
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as opened:
        opened.write("\n".join(lines) + "\n")
    return file


def _new_key(environment: Mapping[str, str]) -> str:
    made = subprocess.run(
        python_command("starter", "keys", "create", "stack", "--scope", "admin", "--json"),
        cwd=Path(__file__).parents[1],
        env=child_environment(environment),
        stdout=subprocess.PIPE,
        check=True,
    )
    return str(json.loads(made.stdout)["key"])
