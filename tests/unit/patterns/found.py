"""Every regular expression of the product, found by reading the modules, and how each is used."""

import ast
import importlib
import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]
FLAGS_AT = {"compile": 1, "sub": 4, "subn": 4, "split": 3}
"""Where a function of `re` takes flags; the third place for all others."""
METHODS = ("match", "fullmatch", "search", "sub", "subn", "split", "findall", "finditer")


@dataclass(frozen=True)
class Found:
    """A pattern, and one way in which it is looked for."""

    where: str
    method: str
    pattern: str | bytes
    flags: int

    def compiled(self) -> "re.Pattern[Any]":
        """Return it as the product has it."""
        return re.compile(self.pattern, self.flags)


def product_modules() -> list[Path]:
    """Return the files of all modules that are installed."""
    told = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    files = [ROOT / f"{name}.py" for name in told["py-modules"]]
    find = told["packages"]["find"]
    left_out = tuple(name.rstrip("*") for name in find.get("exclude", ()))
    for top in {name.partition(".")[0] for name in find["include"]}:
        files += (
            path
            for path in (ROOT / top).rglob("*.py")
            if not ".".join(path.relative_to(ROOT).parts).startswith(left_out)
        )
    return sorted(files)


def patterns() -> list[Found]:
    """Return every pattern in every way in which it is used.

    Raises:
        AssertionError: one is made from what is known only when it runs, or is hidden.
    """
    trees = {path: ast.parse(path.read_text()) for path in product_modules()}
    anywhere = list(_uses(trees.values()))
    found: list[Found] = []
    for path, tree in trees.items():
        # What begins with an underscore is used in its own module alone.
        uses = [(name, how) for name, how in anywhere if not name.startswith("_")]
        uses += [(name, how) for name, how in _uses([tree]) if name.startswith("_")]
        parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
        for call in _calls(path, tree):
            found += _found(path, call, parents, uses)
    return found


def _calls(path: Path, tree: ast.Module) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            assert node.module not in {"re", "regex", "re2", "sre_compile"}, f"{path}: import re"
        if isinstance(node, ast.Import):
            hidden = {one.name for one in node.names if one.name in {"regex", "re2"} or one.asname}
            assert not hidden & {"re", "regex", "re2"}, f"{path}: say `import re`"
        if isinstance(node, ast.Call) and _of_re(node.func) in {"compile", *METHODS}:
            yield node


def _of_re(node: ast.expr) -> str | None:
    is_one = isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    return node.attr if is_one and node.value.id == "re" else None  # type: ignore[attr-defined]


def _uses(trees: Iterable[ast.Module]) -> Iterator[tuple[str, str]]:
    """Yield the name and the method of everything like `NAME.search` and `module.NAME.search`."""
    for node in (node for tree in trees for node in ast.walk(tree)):
        if isinstance(node, ast.Attribute) and node.attr in METHODS:
            if isinstance(node.value, ast.Name):
                yield node.value.id, node.attr
            elif isinstance(node.value, ast.Attribute):
                yield node.value.attr, node.attr


def _found(
    path: Path, call: ast.Call, parents: dict[ast.AST, ast.AST], uses: list[tuple[str, str]]
) -> Iterator[Found]:
    method = _of_re(call.func)
    assert method is not None
    where = f"{path.relative_to(ROOT)}:{call.lineno}"
    flags_at = FLAGS_AT.get(method, 2)
    flags = [word.value for word in call.keywords if word.arg == "flags"] or call.args[flags_at:]
    pattern = _value(path, call.args[0], where)
    value = int(_value(path, flags[0], where)) if flags else 0
    for one in _methods(method, parents[call], uses):
        yield Found(where, one, pattern, value)


def _methods(
    method: str, parent: ast.AST, uses: list[tuple[str, str]]
) -> tuple[str, ...] | list[str]:
    """Return how a pattern is used; in every way, where that cannot be told."""
    if method != "compile":
        return [method]
    if isinstance(parent, ast.Attribute):
        return [parent.attr]
    names = {one.id for one in getattr(parent, "targets", ()) if isinstance(one, ast.Name)}
    return sorted({how for name, how in uses if name in names}) or METHODS


def _value(path: Path, node: ast.expr, where: str) -> Any:
    """Return what an expression is in its module, before anything of it runs."""
    name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    expression = compile(ast.Expression(node), where, "eval")
    try:
        return eval(expression, dict(vars(importlib.import_module(name))))
    except NameError as error:
        raise AssertionError(
            f"{where}: {error}: a pattern that is made when it is used cannot be shown to be linear"
        ) from error
