"""Which methods of a client were called, and which there are."""

import inspect
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any, get_args, get_origin, get_type_hints

RESOURCES = (
    *("beta.batch", "beta.directories", "batches", "files", "parsing", "classify", "classifier"),
    *("configurations", "webhook_configs", "projects", "v2_projects"),
)


class Traced:
    """A client, or a resource of it, that notes the dotted names of the methods called."""

    def __init__(self, target: Any, calls: list[str], path: str = "") -> None:
        self._target = target
        self._calls = calls
        self._path = path

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._target, name)
        path = f"{self._path}.{name}".lstrip(".")
        if inspect.ismethod(value):

            def call(*args: Any, **kwargs: Any) -> Any:
                self._calls.append(path)
                return value(*args, **kwargs)

            return call
        return Traced(value, self._calls, path) if _is_resource(value) else value


def methods(target: Any, path: str = "", served: Sequence[str] = RESOURCES) -> Iterator[str]:
    """Yield the dotted names of every method of the resources that we serve."""
    for name in dir(target):
        if name.startswith(("_", "with_")) or name in {"copy", "close"}:
            continue
        dotted = f"{path}.{name}".lstrip(".")
        value = getattr(target, name)
        if inspect.ismethod(value):
            if dotted.startswith(tuple(f"{one}." for one in served)):
                yield dotted
        elif _is_resource(value):
            yield from methods(value, dotted, served)


def _is_resource(value: object) -> bool:
    return type(value).__module__.startswith("llama_cloud.resources")


def any_arguments(call: Callable[..., Any]) -> dict[str, Any]:
    """Return something of the right type for each argument that a method must be given."""
    hints = get_type_hints(call)
    return {
        name: _of(hints[name])
        for name, parameter in inspect.signature(call).parameters.items()
        if parameter.default is inspect.Parameter.empty
    }


def _of(hint: Any) -> Any:
    if hint is IO:
        return io.BytesIO(b"a file")
    if hint is str or type(None) in get_args(hint):
        return "0192f0c1-a2b3-7c4d-8e9f-001122334455"
    return hint.construct() if hasattr(hint, "construct") else (get_origin(hint) or hint)()


def real_documents(folder: str) -> list[Path]:
    """Return the files of a folder that have content, in one order."""
    return sorted(
        path for path in Path(folder).rglob("*") if path.is_file() and path.stat().st_size
    )


def report(
    client: str,
    known: Iterable[str],
    calls: Iterable[str],
    refused: Mapping[str, int] | None = None,
) -> None:
    """Print the last line of a client's script: what it has, and what was called or refused."""
    said = {
        "client": client,
        "methods": sorted(set(known)),
        "called": sorted(set(calls)),
        "refused": dict(refused or {}),
    }
    print(json.dumps(said))
