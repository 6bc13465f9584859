"""Write .env with new secrets for docker-compose.yml; one that is there is left alone."""

import os
import secrets
import sys
from pathlib import Path

FILE = Path(__file__).parents[1] / ".env"
NAMES = ("POSTGRES_PASSWORD", "S3_ACCESS_KEY", "S3_SECRET_KEY", "SHEAF_SIGNING_KEY")


def main() -> int:
    """Return 0, also where there is nothing to do."""
    try:
        descriptor = os.open(FILE, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        print(".env is there already, and is left as it is.")
        return 0
    with os.fdopen(descriptor, "w") as file:
        file.writelines(f"{name}={secrets.token_hex(24)}\n" for name in NAMES)
    print("Wrote .env, which only you may read. Keep it: it opens what the volumes hold.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
