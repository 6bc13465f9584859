"""Write .env with new secrets for docker-compose.yml; one that is there is left alone.

With `--renew-signing-key` it gets a new signing key, and keeps the old one among those of before.
"""

import json
import os
import re
import secrets
import sys
from collections.abc import Sequence
from pathlib import Path

FILE = Path(__file__).parents[1] / ".env"
SIGNING, PREVIOUS = "SHEAF_SIGNING_KEY", "SHEAF_PREVIOUS_SIGNING_KEYS"
NAMES = ("POSTGRES_PASSWORD", "S3_ACCESS_KEY", "S3_SECRET_KEY", SIGNING)
RENEW = "--renew-signing-key"


def main(arguments: Sequence[str] = ()) -> int:
    """Return 0, also where there is nothing to do; 1 where there is no key to renew."""
    if RENEW in arguments:
        return _renew()
    try:
        _write(FILE, "".join(f"{name}={secrets.token_hex(24)}\n" for name in NAMES))
    except FileExistsError:
        print(".env is there already, and is left as it is.")
        return 0
    print("Wrote .env, which only you may read. Keep it: it opens what the volumes hold.")
    return 0


def _renew() -> int:
    text = FILE.read_text() if FILE.exists() else ""
    values = dict(re.findall(r"^(\w+)=(.*)$", text, flags=re.MULTILINE))
    if not values.get(SIGNING):
        print(f".env has no {SIGNING}; `make env` writes one.", file=sys.stderr)
        return 1
    # The newest first. The file is replaced as one, so that a crash in between loses no key.
    previous = [values[SIGNING], *json.loads(values.get(PREVIOUS) or "[]")]
    kept = [line for line in text.splitlines() if line.partition("=")[0] not in (SIGNING, PREVIOUS)]
    new = [f"{SIGNING}={secrets.token_hex(24)}", f"{PREVIOUS}={json.dumps(previous)}"]
    temporary = FILE.with_name(f".env.{secrets.token_hex(8)}")
    _write(temporary, "\n".join([*kept, *new]) + "\n")
    temporary.replace(FILE)
    print(
        "Wrote a new signing key to .env. Now run\n"
        "  docker compose up --detach\n"
        "  docker compose exec api sheaf keys rotate\n"
        f"In a week no link is signed by the old key any more: take it out of {PREVIOUS} then."
    )
    return 0


def _write(file: Path, text: str) -> None:
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as opened:
        opened.write(text)
        opened.flush()
        os.fsync(opened.fileno())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
