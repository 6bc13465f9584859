"""The dates of a calendar (RFC 5545) as lines of text.

Three rules make it: folded lines are joined, a name ends at its parameters, and four escapes. A
library adds time zones and a strictness that real invitations fail.
"""

import re

from sheaf.engines.text import normalised

_FOLD = re.compile(r"\n[ \t]")
_LINE = re.compile(r'([A-Za-z0-9-]++)((?:;(?:[^":;\n]++|"[^"\n]*+")*+)*+):(.*)')
_PARAMETER = re.compile(r';([A-Za-z0-9-]++)=("[^"]*+"|[^;"]*+)')
_ESCAPED = re.compile(r"\\([\\;,nN])")
_MOMENT = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(\d\d)(Z?))?\Z")

LABELS = {
    "SUMMARY": "Summary",
    "DTSTART": "Start",
    "DTEND": "End",
    "DUE": "Due",
    "DURATION": "Duration",
    "RRULE": "Repeats",
    "LOCATION": "Location",
    "STATUS": "Status",
    "ORGANIZER": "Organizer",
    "ATTENDEE": "Attendee",
    "CONTACT": "Contact",
    "CATEGORIES": "Categories",
    "COMMENT": "Comment",
    "URL": "Link",
    "DESCRIPTION": "Description",
}
KINDS = {"VEVENT": "Event", "VTODO": "Task", "VJOURNAL": "Note", "VFREEBUSY": "Free and busy"}
PEOPLE = frozenset({"ORGANIZER", "ATTENDEE"})


def calendar_text(source: str) -> str:
    """Return what a calendar says of its events, or its source where it holds none."""
    blocks: list[list[str]] = []
    inside: list[str] = []
    for line in _FOLD.sub("", normalised(source)).split("\n"):
        found = _LINE.match(line)
        if found is None:
            continue
        name, value = found[1].upper(), found[3]
        if name == "BEGIN":
            inside.append(value.strip().upper())
            if inside[-1] in KINDS:
                blocks.append([f"{KINDS[inside[-1]]}:"])
        elif name == "END":
            del inside[-1:]
        elif blocks and inside and inside[-1] in KINDS and name in LABELS:
            blocks[-1].append(f"{LABELS[name]}: {_value_text(name, found[2], value)}")
    told = ["\n".join(lines) for lines in blocks if len(lines) > 1]
    return "\n\n".join(told) or normalised(source).strip("\n")


def is_calendar(data: bytes) -> bool:
    """Whether bytes begin as a calendar does."""
    return data.lstrip(b"\xef\xbb\xbf \r\n\t")[:15].upper() == b"BEGIN:VCALENDAR"


def _value_text(name: str, parameters: str, value: str) -> str:
    said = {key.upper(): words.strip('"') for key, words in _PARAMETER.findall(parameters)}
    value = _ESCAPED.sub(lambda mark: "\n" if mark[1] in "nN" else mark[1], value).strip()
    if name in PEOPLE:
        address = re.sub(r"^mailto:", "", value, flags=re.IGNORECASE)
        return f"{said['CN']} <{address}>" if said.get("CN") else address
    moment = _MOMENT.match(value)
    if moment is None:
        return value
    day = f"{moment[1]}-{moment[2]}-{moment[3]}"
    if moment[4] is None:
        return day
    zone = "UTC" if moment[7] else said.get("TZID", "")
    return f"{day} {moment[4]}:{moment[5]} {zone}".rstrip()
