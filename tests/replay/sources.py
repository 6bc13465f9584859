"""What Workflow code is, by module, and how it read when it was last shown to replay.

`python -m tests.replay.sources` replays every recorded history by the code as it is, and only where
all do writes `sources.txt` anew. Comments, docstrings and layout are no part of a fingerprint.
"""

import ast
import asyncio
import hashlib
import os
import sys
from pathlib import Path

from tests.replay.recorded import HISTORIES, failures

ROOT = Path(__file__).parents[2]
FILE = Path(__file__).with_name("sources.txt")
OURS = ("workflows", "activities", "sheaf")


def path_of(module: str) -> Path | None:
    """Return the file of a module of ours; None of anything else."""
    if module.partition(".")[0] not in OURS:
        return None
    path = ROOT.joinpath(*module.split("."))
    return next(
        (one for one in (path.with_suffix(".py"), path / "__init__.py") if one.exists()), None
    )


def imported(tree: ast.AST) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {one.name for one in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{one.name}" for one in node.names)}
    return found


def fingerprint(tree: ast.AST) -> str:
    """Return what a module says, whatever its comments and docstrings are."""
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            node.body = [one for one in body if not is_text(one)]  # type: ignore[attr-defined]
    return hashlib.sha256(repr(shape(tree)).encode()).hexdigest()[:16]


def shape(node: object) -> object:
    """Return a tree as plain values, without what only some versions of Python fill in."""
    if isinstance(node, list):
        return [shape(one) for one in node]
    if not isinstance(node, ast.AST):
        return node
    fields = ((name, shape(value)) for name, value in ast.iter_fields(node))
    return type(node).__name__, [(name, value) for name, value in fields if value not in (None, [])]


def is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def sources() -> dict[str, str]:
    """Return the fingerprint of every module that a Workflow imports, by its name."""
    waiting = {f"workflows.{path.stem}" for path in (ROOT / "workflows").glob("*.py")}
    found: dict[str, str] = {}
    while waiting:
        module = waiting.pop()
        path = path_of(module)
        if module in found or path is None or path.name == "__init__.py":
            continue
        tree = ast.parse(path.read_text())
        waiting |= imported(tree)
        found[module] = fingerprint(tree)
    return dict(sorted(found.items()))


def recorded() -> dict[str, str]:
    """Return what `sources.txt` says."""
    lines = (line.split() for line in FILE.read_text().splitlines())
    return {line[0]: line[1] for line in lines}


def main() -> int:
    """Write the fingerprints, if every history replays."""
    if found := asyncio.run(failures(HISTORIES)):
        print(f"{len(found)} histories do not replay: {found[0]}", file=sys.stderr)
        return 1
    lines = "".join(f"{module} {digest}\n" for module, digest in sources().items())
    FILE.write_text(lines)
    print(f"{len(HISTORIES)} histories replay; wrote {FILE.name}")
    return 0


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    # As in worker.py: temporalio's threads may outlive the interpreter.
    os._exit(code)
