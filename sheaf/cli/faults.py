"""What ends a command early, and the exit codes."""

EXIT_CODES = """\
Exit codes: 0 done · 1 the job failed or was cancelled, or the command could not do its work ·
2 wrong usage · 3 the job completed and some files failed · 4 nothing answers · 130 Ctrl-C"""


class Fault(Exception):
    """A command cannot go on; the message says what is wrong and what to do.

    Args:
        message: for the user.
        code: exit code; see EXIT_CODES.
    """

    def __init__(self, message: str, code: int = 1) -> None:
        super().__init__(message)
        self.code = code
