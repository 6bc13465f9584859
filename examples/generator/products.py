"""The folder products/: a product sheet, a research note in two columns and a handbook."""

from generator.open_formats import write_epub, write_html
from generator.pdf import write_two_columns

_SHEET = """
# HF-210 water-level gauge

The HF-210 measures the level of rivers, reservoirs and wells by pressure. It is made for
stations without mains power and runs for five years on one battery.

## Features

- Ceramic sensor that withstands freezing
- Built-in correction for temperature and air pressure
- Logger for 500,000 readings, with radio link to the portal

## Specifications

| Property | Value |
| --- | --- |
| Measuring range | 0 to 10 m |
| Accuracy | 3 mm over the full range |
| Resolution | 1 mm |
| Operating temperature | -20 to 60 °C |
| Protection | IP68 |
| Dimensions | 22 mm diameter, 190 mm length |
| Weight | 310 g |
| Battery life | 5 years at one reading in 15 minutes |

## Ordering information

HF-210 with 10 m cable: order code 210-10. HF-210 with 25 m cable: order code 210-25. Warranty:
36 months.
"""
_NOTE_HEAD = """
# Drift of ceramic stage sensors in cold rivers

Priya Nair and Owen Clarke, Harrow & Finch Instruments, research note 14, May 2026
"""
_NOTE = """
## Abstract

We compared 24 pressure gauges with staff readings over two winters. Gauges whose wells froze at
least once drifted by 1.9 mm a month, the others by 0.3 mm. We propose a correction that removes
four fifths of the drift.

## 1. Introduction

Stage, the level of a river above a datum, is most often measured by pressure. The sensors are
cheap and small, but their zero moves with age and temperature. Earlier work studied the effect
of temperature in the laboratory. Little is known about sensors that freeze in the field.

Operators of gauging networks clean their wells at fixed intervals, whatever the weather was. If
the drift has a cause that can be seen in the data of the station itself, visits could be planned
by need. This note asks whether frost in the well is such a cause.

## 2. Methods

We chose 24 stations on the Wear and the Tees between 60 and 340 metres above the sea. Each was
visited six times a year. At each visit the gauge, the staff and the temperature of the water
were read three times, and the median was kept. A well was counted as frozen when its logger
showed less than minus one degree for six hours.

The drift was taken as the slope of a robust line through the differences of gauge and staff.
Intervals were found by bootstrap over the stations.

Readings taken during floods were left out, since the surface is then too rough for the staff. So
were the first two weeks after a gauge was replaced. Of 288 visits, 251 remained.

## 3. Results

Eleven wells froze at least once. Their gauges drifted by 1.9 mm a month, with an interval of 1.4
to 2.5 mm. The 13 other gauges drifted by 0.3 mm a month, with an interval of 0.1 to 0.5 mm. The
drift began within two weeks of the first frost and did not return to zero in summer.

Altitude, battery voltage and the age of the gauge explained little once frost was known. Two
stations with heated wells behaved like those that never froze, although the river beside them
did.

The proposed correction uses the number of freezing hours as its only variable. On stations left
out of the fit it removed 81 per cent of the drift.

## 4. Discussion

The result fits the idea that ice presses the membrane beyond its elastic range. It would follow
that a softer filling behind the membrane helps, which we have not tested. Our sample is small
and all gauges are of one make.

Three limits should be named. The staff is read by eye, and readers differ by a millimetre or
two. The temperature of the logger stands for that of the water in the well, which may stay
liquid under a lid of ice. And two winters are few: the second was mild, and most of the frost
fell in the first.

If the membrane is the cause, a gauge that has drifted should show it in the tank. We have taken
four of them out of the field and will report on their calibration in a later note.

## 5. Conclusion

Frost in the well explains most of the drift of ceramic stage sensors in our sample. A correction by
freezing hours is simple and can be applied to records of the past.

Operators should check gauges in the month after the first frost rather than at fixed intervals.
The data of this study can be had from the authors.

## References

Ashworth, H. (2023). Level gauges under ice. Notes of the Northgate Water Authority, 9, 14 to 22.

Vogt, J. and Lindqvist, E. (2021). Zero drift of ceramic membranes. Sensors in the Field, 4, 101
to 117.
"""
_CHAPTERS = {
    "Before you leave": """
# Before you leave

Read the file of the station and the notes of the last visit. Take the key, a spare battery, a
brush, a tape and the field book. Tell the office when you expect to be back.

- Check the flood warnings of the day.
- Charge the telephone.
""",
    "At the station": """
# At the station

Read the staff first, then the gauge, and write both down with the time. If they differ by more
than three millimetres, read again after five minutes.

| Difference | What to do |
| --- | --- |
| up to 3 mm | note it |
| 4 to 10 mm | clean the well and read again |
| more than 10 mm | call the support desk |
""",
    "After the visit": """
# After the visit

Enter the readings in the portal on the same day. Send photographs of any damage. Dry the tape
and the brush, and put the key back in its place.
""",
}


def documents() -> dict[str, bytes]:
    """Return the files of the folder by their path."""
    return {
        "products/hf-210-product-sheet.html": write_html("HF-210 product sheet", _SHEET),
        "products/research-note-14.pdf": write_two_columns(_NOTE_HEAD, _NOTE),
        "products/field-handbook.epub": write_epub("Field handbook", _CHAPTERS),
    }
