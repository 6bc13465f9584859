"""A folder with every kind of entry that a name or a permission can make strange."""

import os
import shutil
import socket
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

NOBODY = 65_534
LONGEST = "n" * 255
DEEP_FOLDER = "d" * 200
DEEP_LEVELS = 22
"""Their names together are longer than any path that may be opened."""

NAMES = (
    *("plain.txt", "-rf", " ", "new\nline.txt", "😀.txt", "e\u0301.txt", LONGEST),
    *("[bold]x.txt", "[red", "]", "\x1b[31mred\x1b[0m.txt", "\u202etxt.exe", "a\rb.txt"),
    *("%", "y.txt", "100%.txt", 'quote".txt', "back\\slash.txt", "~0123456789abcdef"),
)
RAW_NAMES = (b"caf\xe9.txt", b"\xff\xfe", b"in-\xe9/x.txt")


@dataclass
class StrangeTree:
    """The folder, and the keys by which its listing accounts for every entry."""

    root: Path
    readable: set[str] = field(default_factory=set)
    """Files that are read, whoever reads them."""
    broken: set[str] = field(default_factory=set)
    """What is listed and cannot be read by anybody."""
    barred: set[str] = field(default_factory=set)
    """What only root can read, as keys for everybody else."""
    barred_for_root: set[str] = field(default_factory=set)
    """The same, as keys for root."""
    ignored: set[str] = field(default_factory=set)
    """What is no item: links to folders."""

    def keys(self, *, is_root: bool) -> set[str]:
        return self.readable | self.broken | (self.barred_for_root if is_root else self.barred)


@contextmanager
def strange_tree() -> Iterator[StrangeTree]:
    """Make one that everybody may enter; root gives it to nobody."""
    top = Path(tempfile.mkdtemp(prefix="sheaf-strange-"))
    top.chmod(0o755)
    try:
        tree = StrangeTree(top / "in")
        tree.root.mkdir()
        _add_names(tree)
        _add_barred(tree)
        _add_broken(tree)
        if os.geteuid() == 0:
            _give_away(top)
        yield tree
    finally:
        for folder in ("unlisted", "unentered"):
            (top / "in" / folder).chmod(0o700)
        shutil.rmtree(top)


@contextmanager
def as_plain_user() -> Iterator[None]:
    """Have what runs within be refused what permissions refuse, also where this is root."""
    if os.geteuid() != 0:
        yield
        return
    os.setegid(NOBODY)
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)


def _add_names(tree: StrangeTree) -> None:
    for name in NAMES:
        if name != "%":
            (tree.root / name).write_text(f"words of {name!r}")
            tree.readable.add(name)
    (tree.root / "%").mkdir()
    (tree.root / "%" / "x.txt").write_text("words")
    (tree.root / "empty").mkdir()
    (tree.root / "[").mkdir()
    (tree.root / "[" / "]").write_text("words")  # its key is rich's end of all styles
    (tree.root / "y.txt.md").mkdir()
    (tree.root / "y.txt.md" / "z.txt").write_text("words")
    # A key that begins as raw ones do is one.
    tree.readable |= {"%/%25/x.txt", "y.txt.md/z.txt", "[/]"}
    for raw in RAW_NAMES:
        path = tree.root / os.fsdecode(raw)
        path.parent.mkdir(exist_ok=True)
        path.write_text("words")
    tree.readable |= {"%/caf%E9.txt", "%/%FF%FE", "%/in-%E9/x.txt"}


def _add_broken(tree: StrangeTree) -> None:
    (tree.root / "loop-a").symlink_to("loop-b")
    (tree.root / "loop-b").symlink_to("loop-a")
    (tree.root / "itself").symlink_to("itself")
    (tree.root / "dangling").symlink_to("nothing")
    (tree.root / "out").symlink_to("/etc/hostname")
    os.mkfifo(tree.root / "pipe")
    here = Path.cwd()
    os.chdir(tree.root)
    try:
        with socket.socket(socket.AF_UNIX) as bound:
            bound.bind("socket")
    finally:
        os.chdir(here)
    tree.broken |= {"loop-a", "loop-b", "itself", "dangling", "out", "pipe", "socket"}
    (tree.root / "to-folder").symlink_to("y.txt.md")
    tree.ignored.add("to-folder")
    tree.broken.add("/".join([DEEP_FOLDER] * _add_deep(tree.root)))


def _add_deep(root: Path) -> int:
    """Make folders deeper than a path may be long; return the depth of the first unreachable."""
    level = os.open(root, os.O_RDONLY)
    for _ in range(DEEP_LEVELS):
        os.mkdir(DEEP_FOLDER, dir_fd=level)
        inner = os.open(DEEP_FOLDER, os.O_RDONLY, dir_fd=level)
        os.close(level)
        level = inner
    os.close(os.open("file.txt", os.O_CREAT | os.O_WRONLY, dir_fd=level))
    os.close(level)
    room = os.pathconf(root, "PC_PATH_MAX") - 1 - len(os.fsencode(root))
    return room // (len(DEEP_FOLDER) + 1) + 1


def _add_barred(tree: StrangeTree) -> None:
    (tree.root / "unread.txt").write_text("words")
    (tree.root / "unread.txt").chmod(0)
    for folder, mode in (("unlisted", 0), ("unentered", stat.S_IRUSR)):
        (tree.root / folder / "sub").mkdir(parents=True)
        (tree.root / folder / "a.txt").write_text("words")
        (tree.root / folder / "sub" / "b.txt").write_text("words")
        (tree.root / folder).chmod(mode)
    tree.barred = {"unread.txt", "unlisted", "unentered/a.txt", "unentered/sub"}
    inner = {
        f"{folder}/{name}"
        for folder in ("unlisted", "unentered")
        for name in ("a.txt", "sub/b.txt")
    }
    tree.barred_for_root = {"unread.txt", *inner}


def _give_away(top: Path) -> None:
    os.chown(top / "in", NOBODY, NOBODY)
    for name in ("unread.txt", "unlisted", "unentered"):
        os.chown(top / "in" / name, NOBODY, NOBODY)
