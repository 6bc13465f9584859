"""The demo behind `make demo`: a parse and a classify batch over the sample documents.

Leaves the results and stops everything, unless it is told to keep it running.
"""

import argparse
import shlex
import subprocess
import sys
import time
from pathlib import Path

from sheaf.config import Settings
from sheaf.embedded.home import Home
from sheaf.runtime.children import child_environment, installed_program, python_command

HERE = Path(__file__).parent
OUT = HERE.parent / "out"
SOME_FILES_FAILED = 3


def sheaf(*arguments: str) -> int:
    """Run the command line as a user would, and return its exit code."""
    print(f"\n$ sheaf {' '.join(arguments)}", flush=True)
    command = python_command("starter", *arguments)
    return subprocess.run(command, env=child_environment(), check=False).returncode


def tell(home: Home) -> None:
    """Print where what was left running is, and the whole command that stops it."""
    running = home.running()
    if running:
        print(f"\nTemporal UI {running.ui_address}")
        print(f"API {running.api_address}")
    command = installed_program("sheaf")
    shown = command.relative_to(Path.cwd()) if command.is_relative_to(Path.cwd()) else command
    print("Temporal, the worker and the API still run. This stops them:")
    print(f"  SHEAF_HOME={shlex.quote(str(home.root))} {shown} down")


def main() -> int:
    """Run both batches; the samples are meant to have failures, and nothing worse."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keep", action="store_true", help="leave what it starts running")
    keep = parser.parse_args().keep
    documents, rules = str(HERE / "documents"), str(HERE / "rules.yaml")
    began = time.monotonic()
    try:
        codes = [
            sheaf("run", documents, "--out", str(OUT / "parsed")),
            sheaf("run", documents, "--classify", rules, "--out", str(OUT / "classified")),
        ]
        sheaf("list", "--limit", "4")
    finally:
        if not keep:
            sheaf("down")
    print(f"\nBoth batches took {time.monotonic() - began:.0f} s.")
    print(f"Markdown and manifests: {OUT / 'parsed'} and {OUT / 'classified'}")
    if keep:
        tell(Home(Settings().home))
    else:
        print("Nothing is left running. `make demo KEEP=1` leaves the Temporal UI and the API up.")
    return 0 if set(codes) <= {0, SOME_FILES_FAILED} else 1


if __name__ == "__main__":
    sys.exit(main())
