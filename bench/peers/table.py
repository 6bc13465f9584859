"""The table of the peers, with Sheaf's row and ratios where its rate is given."""

from dataclasses import dataclass

HEADINGS = ("", "kill -9 of the worker", "kill -9 of everything", "files", "seconds", "files/s")
NUMBERS = {"files", "seconds", "files/s", "Sheaf"}
SURVIVES = "goes on; in flight after 30 s"
"""Sheaf's default heartbeat timeout."""


@dataclass(frozen=True)
class Line:
    """One peer's row; without seconds it was not measured, and the remark says why."""

    name: str
    worker_killed: str
    all_killed: str
    files: int
    seconds: float | None = None
    remark: str = ""
    is_wrong: bool = False

    def cells(self, sheaf: float | None) -> list[str]:
        """Return the row's text, with how many times as fast Sheaf is if that is known."""
        row = [self.name, self.worker_killed, self.all_killed]
        if self.seconds is None:
            row += ["", "", "", *([""] if sheaf else [])]
        else:
            rate = self.files / self.seconds
            row += [f"{self.files:,}", f"{self.seconds:.2f}", f"{rate:,.0f}"]
            row += [f"{sheaf / rate:,.2f} x"] if sheaf else []
        return [*row, self.remark]


def printed(lines: list[Line], sheaf: float | None) -> str:
    """Return the table as aligned text."""
    headings = [*HEADINGS, *(["Sheaf"] if sheaf else []), ""]
    rows = [headings, *(line.cells(sheaf) for line in lines)]
    if sheaf:
        rows.append(["Sheaf", SURVIVES, SURVIVES, "", "", f"{sheaf:,.0f}", "1.00 x", ""])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if heading in NUMBERS else cell.ljust(width)
            for cell, width, heading in zip(row, widths, headings, strict=True)
        ).rstrip()
        for row in rows
    )
