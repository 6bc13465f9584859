"""The closed set of reasons for which an item can fail.

Invalid            the request for this item cannot be met as written (bad page range …)
Corrupt            the bytes are not a readable document of their type
Unsupported        no engine reads this type, or a part that it needs is not installed
PasswordRequired   the document is encrypted
TooLarge           over a limit of bytes, entries or memory
TooManyPages       over a limit of pages: the job's own, or the most that is read
Empty              a readable document in which no text was found
SourceChanged      the file vanished, or changed while it was read
Refused            a guard or its permissions forbid reading it (outside its root, no plain file)
Timeout            over the time allowed for one file
Crashed            the program that parsed it failed in a way nobody foresaw, or its process died
Exhausted          a transient fault that outlasted every attempt
Unavailable        transient: something needed did not answer
RateLimited        transient: something needed asked to wait
"""

from enum import StrEnum

MAX_MESSAGE_CHARACTERS = 2000
"""Longest error text kept; outside text is cut here before it reaches a history or a row."""


class FailureKind(StrEnum):
    """Why an item failed; see the module for the meaning of each."""

    INVALID = "Invalid"
    CORRUPT = "Corrupt"
    UNSUPPORTED = "Unsupported"
    PASSWORD_REQUIRED = "PasswordRequired"  # noqa: S105 - a name, not a secret
    TOO_LARGE = "TooLarge"
    TOO_MANY_PAGES = "TooManyPages"
    EMPTY = "Empty"
    SOURCE_CHANGED = "SourceChanged"
    REFUSED = "Refused"
    TIMEOUT = "Timeout"
    CRASHED = "Crashed"
    EXHAUSTED = "Exhausted"
    UNAVAILABLE = "Unavailable"
    RATE_LIMITED = "RateLimited"

    @property
    def is_transient(self) -> bool:
        """Whether another attempt may end otherwise."""
        return self in {FailureKind.UNAVAILABLE, FailureKind.RATE_LIMITED}


class DocumentError(Exception):
    """One item cannot be processed; raised by engines and storage, recorded as the item's failure.

    Args:
        kind: the reason, of the closed set.
        message: what is wrong and, where there is one, what to do; cut to 2,000 characters.
        retry_after_seconds: for a transient kind, how long the other side asked to wait.
    """

    def __init__(
        self, kind: FailureKind, message: str, retry_after_seconds: float | None = None
    ) -> None:
        super().__init__(message[:MAX_MESSAGE_CHARACTERS])
        self.kind = kind
        self.retry_after_seconds = retry_after_seconds

    @property
    def message(self) -> str:
        """The text, already cut."""
        return str(self)


class OutageError(Exception):
    """Something that every item needs does not answer: no item's failure, and nobody's attempt.

    Whoever holds claims gives them back uncounted, and comes again later.

    Args:
        what: what does not answer, such as "the store of results".
        cause: what was heard of it, in one line.
    """

    def __init__(self, what: str, cause: str) -> None:
        super().__init__(f"{what} cannot be used: {cause}"[:MAX_MESSAGE_CHARACTERS])
