"""The folder meetings/: minutes as Markdown and as UTF-16 text, and the slides of a review."""

from generator.office import Slide, write_pptx

_MARCH = """# Minutes of the production meeting, 12 March 2026

**Present:** Miriam Finch (chair), Daniel Harrow, Priya Nair, Owen Clarke (minutes)
**Apologies:** Ruth Bell

## 1. Minutes of the last meeting

The minutes of 12 February were approved without change.

## 2. Northgate order

Daniel reported that 16 gauges for PO-8841 are on schedule. Priya asked for a second shift at the
calibration tank in April. It was agreed to try it for four weeks.

## 3. Action items

| Action | Owner | Due |
| --- | --- | --- |
| Plan the second calibration shift | Priya | 20 March |
| Ask Coastline Leasing for a second tank | Daniel | 27 March |
| Send the drift analysis to Northgate | Owen | 31 March |

The meeting closed at 11:20. Next meeting: 16 April 2026, 10:00.
"""
_BOARD = """MINUTES OF THE BOARD MEETING
Harrow & Finch Instruments Ltd, 26 February 2026, 14:00, Mill Lane

Attendees: Miriam Finch (chair), Samuel Harrow, Ingrid Sørensen, Kōji Tanaka
Minutes taken by: Owen Clarke

1. Approval of the agenda
   The agenda was approved.

2. Accounts of the fourth quarter Samuel presented the accounts. Revenue was £412,300, four per
cent above the plan. The board noted the report.

3. Radar project with Calder Optics Ingrid proposed to fund a prototype with €60,000. Motion
carried, three votes to none, one abstention (Kōji).

4. Action items
   - Samuel to renew the bank facility before 31 March.
   - Ingrid to report on the prototype at the next meeting.

The meeting was adjourned at 15:35. The next board meeting is on 28 May 2026.
"""
_REVIEW: list[Slide] = [
    (
        "Quarterly review, first quarter of 2026",
        [
            "Harrow & Finch Instruments",
            "Prepared by Ruth Bell for the staff meeting of 8 April 2026",
        ],
    ),
    (
        "Results",
        [
            "Orders rose to 138 gauges, from 121 a year before",
            "94 % of deliveries were on time; the aim is 97 %",
            "Returns under warranty fell from nine to four",
        ],
    ),
    (
        "Plans for the second quarter",
        [
            "Second shift at the calibration tank from 20 April",
            "First radar prototype on the river Wear in June",
            "New customer portal for readings and certificates",
        ],
    ),
]


def documents() -> dict[str, bytes]:
    """Return the files of the folder by their path."""
    return {
        "meetings/production-2026-03-12.md": _MARCH.encode(),
        "meetings/board-2026-02-26-utf16.txt": b"\xff\xfe" + _BOARD.encode("utf-16-le"),
        "meetings/quarterly-review.pptx": write_pptx("Quarterly review", _REVIEW),
    }
