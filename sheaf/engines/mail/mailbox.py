"""Files that hold messages in a wrapping: mailboxes (RFC 4155), and what Apple Mail keeps."""

import re

_FROM = re.compile(rb"(?:\A|(?<=\n\n)|(?<=\n\r\n))From [^\n]*+\n(?=[!-9;-~]++:)")
_QUOTED_FROM = re.compile(rb"^>(?=>*+From )", re.MULTILINE)
_COUNTED = re.compile(rb"\A[ \t]*+([0-9]{1,10})[ \t]*+\r?\n")
_PLIST = re.compile(rb"\s*+<\?xml\b")


def messages_in(data: bytes) -> list[bytes]:
    """Return the messages of a file, of most files one."""
    data = data.lstrip(b"\r\n")
    if (counted := _COUNTED.match(data)) is not None:
        return [_counted_message(data, counted)]
    starts = list(_FROM.finditer(data))
    if not starts:
        return [data]
    ends = [start.start() for start in starts[1:]] + [len(data)]
    return [
        _QUOTED_FROM.sub(b"", data[start.end() : end])
        for start, end in zip(starts, ends, strict=True)
    ]


def _counted_message(data: bytes, counted: re.Match[bytes]) -> bytes:
    """Cut off what Apple Mail writes behind a message, whose length its first line tells."""
    begin = counted.end()
    end = begin + int(counted[1])
    return data[begin:end] if _PLIST.match(data[end : end + 64]) else data[begin:]
