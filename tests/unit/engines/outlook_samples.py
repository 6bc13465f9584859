"""Small Outlook messages, as .msg containers (MS-CFB, MS-OXMSG) and as winmail.dat (MS-OXTNEF)."""

import struct

SECTOR, SHORT = 512, 64
END, FREE, FAT = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD
TEXT, TEXT_8BIT, BINARY, INT32, TIME = 0x001F, 0x001E, 0x0102, 0x0003, 0x0040

Tree = dict[str, "bytes | Tree"]


def msg(properties: dict[int, str | bytes | int], *parts: tuple[str, Tree]) -> bytes:
    """Return a .msg file of these properties, and of storages of recipients or attachments."""
    return container(storage(properties, 32) | dict(parts))


def storage(properties: dict[int, str | bytes | int], header: int = 8) -> Tree:
    """Return the streams of properties: a text is Unicode, bytes are what the key says of them.

    A key may hold the type in its lower half; else it is told by the value.
    """
    tree: Tree = {}
    short = bytes(header)
    for key, value in properties.items():
        if isinstance(value, int):
            kind = key & 0xFFFF if key > 0xFFFF else INT32
            number = key >> 16 if key > 0xFFFF else key
            short += struct.pack("<HHIQ", kind, number, 6, value)
        else:
            kind = TEXT if isinstance(value, str) else BINARY
            tag = key if key > 0xFFFF else key << 16 | kind
            data = value.encode("utf-16-le") if isinstance(value, str) else value
            tree[f"__substg1.0_{tag:08X}"] = data
            short += struct.pack("<IIQ", tag, 6, len(data))
    return tree | {"__properties_version1.0": short}


def container(tree: Tree) -> bytes:
    """Return an OLE2 container of these streams and storages, all streams in the short one."""
    entries: list[list[object]] = [["Root Entry", 5, FREE, b""]]
    _enter(tree, 0, entries)
    short, short_fat, starts = b"", [], {}
    for at, entry in enumerate(entries):
        data = entry[3]
        assert isinstance(data, bytes)
        if entry[1] == 2 and data:
            first, count = len(short_fat), -(-len(data) // SHORT)
            starts[at] = first
            short_fat += [*range(first + 1, first + count), END]
            short += data.ljust(count * SHORT, b"\0")
    directory = b"".join(
        _directory_entry(entry, starts.get(at, END), len(short) if at == 0 else None)
        for at, entry in enumerate(entries)
    )
    parts = [directory, struct.pack(f"<{len(short_fat)}I", *short_fat), short]
    fat, sectors, firsts = [FAT], b"", []
    for part in parts:
        count = -(-len(part) // SECTOR)
        firsts.append(len(fat) if count else END)
        fat += [*range(len(fat) + 1, len(fat) + count), END] if count else []
        sectors += part.ljust(count * SECTOR, b"\xff" if part is parts[1] else b"\0")
    assert len(fat) <= SECTOR // 4
    sectors = sectors.replace(b"ROOT", struct.pack("<I", firsts[2]), 1)
    header = bytearray(SECTOR)
    struct.pack_into(
        "<8s16xHHHHH", header, 0, bytes.fromhex("d0cf11e0a1b11ae1"), 62, 3, 0xFFFE, 9, 6
    )
    struct.pack_into("<IIIIIIIII", header, 44, 1, firsts[0], 0, 4096, firsts[1], 1, END, 0, 0)
    struct.pack_into("<109I", header, 76, 0, *[FREE] * 108)
    table = struct.pack(f"<{SECTOR // 4}I", *fat, *[FREE] * (SECTOR // 4 - len(fat)))
    return bytes(header) + table + sectors


def _enter(tree: Tree, parent: int, entries: list[list[object]]) -> None:
    """Add the entries of a storage: each is the right brother of the one before."""
    before = None
    for name, content in tree.items():
        at = len(entries)
        is_stream = isinstance(content, bytes)
        entries.append([name, 2 if is_stream else 1, FREE, content if is_stream else b"", FREE])
        if before is None:
            entries[parent][2] = at
        else:
            entries[before][4] = at
        before = at
        if not isinstance(content, bytes):
            _enter(content, at, entries)


def _directory_entry(entry: list[object], start: int, root: int | None) -> bytes:
    name, kind, child, data = entry[:4]
    assert isinstance(name, str)
    assert isinstance(data, bytes)
    raw = (name + "\0").encode("utf-16-le")
    right = entry[4] if len(entry) > 4 else FREE
    size = len(data) if root is None else root
    first = b"ROOT" if root is not None else struct.pack("<I", start)
    return (
        struct.pack("<64sHBBIII36x", raw, len(raw), kind, 1, FREE, right, child)
        + first
        + struct.pack("<Q", size)
    )


def tnef(*attributes: tuple[int, int, bytes]) -> bytes:
    """Return a winmail.dat of attributes: level, identifier, bytes."""
    data = bytes.fromhex("789f3e22") + b"\x01\x00"
    for level, key, value in attributes:
        data += struct.pack("<BHHI", level, key, 0, len(value)) + value
        data += struct.pack("<H", sum(value) & 0xFFFF)
    return data


def mapi(properties: dict[int, str | bytes | int]) -> bytes:
    """Return properties as a winmail.dat lists them."""
    data = struct.pack("<I", len(properties))
    for key, value in properties.items():
        if isinstance(value, int):
            data += struct.pack("<HHI", INT32, key, value)
            continue
        kind = TEXT if isinstance(value, str) else BINARY
        raw = (value + "\0").encode("utf-16-le") if isinstance(value, str) else value
        named = struct.pack("<16sII", bytes(16), 0, 1) if key >= 0x8000 else b""
        data += struct.pack("<HH", kind, key) + named
        data += struct.pack("<II", 1, len(raw)) + raw + bytes(-len(raw) % 4)
    return data
