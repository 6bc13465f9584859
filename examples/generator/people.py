"""The folder people/: two resumes, one with letters outside ASCII in its name."""

from generator.office import write_docx
from generator.pdf import write_document

_OKAFOR = """
# Amara Okafor

Embedded software engineer, Southampton. amara.okafor@example.com, +44 7700 900142

## Profile

Engineer with eight years of experience in firmware for battery-powered sensors. I like
instruments that run for years without a visit.

## Work experience

### Senior firmware engineer, Solent Metering, 2021 to today

- Wrote the low-power scheduler of a water meter that runs 12 years on one cell.
- Led a team of four and introduced hardware-in-the-loop tests.

### Firmware engineer, Brightwater Devices, 2018 to 2021

- Ported the radio stack of a pressure logger to a new microcontroller.

## Education

| Years | Degree | University |
| --- | --- | --- |
| 2014 to 2018 | BEng Electronic Engineering, first class | University of Southampton |

## Skills

C, Rust, Python, Zephyr, oscilloscope and logic analyser, English and Igbo.
"""
_MULLER = """
# Zoë Müller

Hydrologist and data analyst, Zürich. zoe.mueller@example.org

## Profile

Hydrologist with six years of experience in flood forecasting, rating curves and quality control
of level series.

## Work experience

- 2022 to today: Data analyst, Federal Office of Hydrology. Built the nightly quality control of
  260 level gauges.
- 2019 to 2022: Research assistant, Institute of Environmental Engineering. Field campaigns on
  the Töss and the Thur.

## Education

- 2019: MSc Environmental Engineering, ETH Zürich. Thesis on stage sensors under ice.
- 2017: BSc Geography, University of Bern.

## Skills and languages

Python, R, QGIS, SQL. German (native), English (fluent), French (good).
"""


def documents() -> dict[str, bytes]:
    """Return the files of the folder by their path."""
    return {
        "people/resume-amara-okafor.docx": write_docx("Resume of Amara Okafor", _OKAFOR),
        "people/Résumé Zoë Müller.pdf": write_document(_MULLER),
    }
