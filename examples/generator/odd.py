"""The folder odd/: files that a batch meets sooner or later, and that must not stop it."""

import hashlib

from generator.pdf import write_document

PASSWORD = "secret"

_SETTLEMENT = """
# Confidential settlement agreement

Harrow & Finch Instruments Ltd and the claimant agree to settle the claim of 11 November 2025
without admission of liability. The terms of this settlement are confidential.

The Company shall pay the claimant £18,500 within 14 days of signature, in full and final
settlement.
"""
_ORDER_COPY = """
# Delivery note 5127

Delivered to Northgate Water Authority, Belmont depot, on 20 April 2026, under purchase order
PO-8841: 12 gauges HF-210, 4 gauges HF-340 and 6 cables of 25 m. Received in good order by P.
Lumley.
"""
_REPORT = """
# Annual calibration report 2025

All 412 gauges that left the works in 2025 were calibrated in the 4 m tank against the pressure
reference PR10-0093. The mean deviation was 0.8 mm and the largest 2.6 mm. No gauge was released
outside its tolerance of 3 mm.
"""


def _firmware() -> bytes:
    """Make an image of no known type: a header of our own and bytes without meaning."""
    blocks = (hashlib.sha256(b"HF-210" + bytes([number])).digest() for number in range(64))
    return b"\x00\x9cHFW\x02\x01\x00" + b"".join(blocks)


def documents() -> dict[str, bytes]:
    """Return the files of the folder by their path."""
    report = write_document(_REPORT)
    return {
        "odd/settlement-password.pdf": write_document(_SETTLEMENT, password=PASSWORD),
        "odd/calibration-report-truncated.pdf": report[: len(report) * 2 // 5],
        "odd/empty.txt": b"",
        "odd/delivery-note-really-pdf.docx": write_document(_ORDER_COPY),
        "odd/gauge-firmware.bin": _firmware(),
    }
