"""The folder finance/: invoices, a receipt, an order and the accounts."""

import json

from generator.office import Sheet, write_xlsx
from generator.pdf import write_document
from generator.pictures import draw, write_png, write_scan

_INVOICE = """
# Invoice 2026-0417

Harrow & Finch Instruments Ltd, 7 Mill Lane, Lymington. VAT number GB 291 4470 18

Bill to: Northgate Water Authority, Accounts Payable, 40 Castle Street, Durham

Invoice date: 17 April 2026. Due date: 17 May 2026. Purchase order: PO-8841

| Item | Quantity | Unit price | Amount |
| --- | --- | --- | --- |
| HF-210 water-level gauge | 12 | £640.00 | £7,680.00 |
| HF-340 water-level gauge | 4 | £985.00 | £3,940.00 |
| Cable, 25 m | 6 | £48.50 | £291.00 |
| Delivery to Belmont depot | 1 | £85.00 | £85.00 |
| Subtotal | | | £11,996.00 |
| VAT 20 % | | | £2,399.20 |
| Total due | | | £14,395.20 |

Please pay by bank transfer within 30 days to Harrow & Finch Instruments Ltd, sort code 20-44-91,
account 70318824, and quote the invoice number 2026-0417.
"""
_SCAN = """
INVOICE

Tidewell Field Services LLP
Unit 3, Quayside, Yarm

Invoice number: 1093          Date: 30 April 2026
Bill to: Northgate Water Authority
40 Castle Street, Durham

--
Croxdale, two visits                            370.00
Barnard Castle, one visit                       240.00
Middleton, one visit                            260.00
New staff plate, Croxdale                        62.50
--
Subtotal                                        932.50
VAT at 20 per cent                              186.50
Total due                                     £1119.00

Payment is due within 30 days.
Sort code 30-11-52, account 41870336
Thank you for your business.
"""
_RECEIPT = """
HARBOUR CAFE

14 Quay Street, Lymington
Receipt 20418, 21 March 2026

--
Leek and potato soup        13.00
Smoked haddock pie          14.50
Vegetable lasagne           12.75
Sparkling water              7.50
--
Subtotal                    47.75
Service                      4.78
Total paid                 £52.53

Paid by card.
Thank you, come again!
"""
_LATIN_INVOICE = """INVOICE 88-2026

Papeterie Lemaire, 12 rue du Château, 76200 Dieppe, France
To: Harrow & Finch Instruments Ltd, 7 Mill Lane, Lymington

Invoice date: 6 March 2026        Payment due: 5 April 2026

  20  reams of recycled paper, 80 g/m²      £  96.00
   4  boxes of archival folders, crème      £  38.40
   1  delivery by ferry                     £  15.00
                                            --------
Subtotal                                    £ 149.40
VAT, reverse charge                         £   0.00
Total amount due                            £ 149.40

Please pay by bank transfer and quote the invoice number.
Contact: Zoé Lemaire, +33 2 35 00 14 88
"""
_LEDGER = """date,account,description,debit,credit
2026-03-02,Bank,Northgate Water Authority,9120.00,
2026-03-03,Materials,"Steel tube, 40 mm, 60 m",,1284.00
2026-03-06,Stationery,Paper and folders,,149.40
2026-03-12,Wages,March salaries,,38450.00
2026-03-16,Bank,River Trust of the Exe,2560.00,
2026-03-21,Travel,"Harbour Cafe, lunch with Calder Optics",,52.53
2026-03-27,Rent,"Mill Lane, second quarter",,6900.00
2026-03-31,Bank,Interest,118.27,
"""
_ORDER = {
    "purchase_order": "PO-8841",
    "date": "2026-04-01",
    "buyer": {"name": "Northgate Water Authority", "contact": "Peter Lumley"},
    "supplier": {"name": "Harrow & Finch Instruments Ltd", "address": "7 Mill Lane, Lymington"},
    "lines": [
        {"item": "HF-210 water-level gauge", "quantity": 12, "unit_price": 640.0},
        {"item": "HF-340 water-level gauge", "quantity": 4, "unit_price": 985.0},
        {"item": "Cable, 25 m", "quantity": 6, "unit_price": 48.5},
    ],
    "deliver_to": "Belmont depot",
    "deliver_before": "2026-04-20",
    "note": "Please give two days' notice of delivery.",
}
_BUDGET: dict[str, Sheet] = {
    "Budget 2026": [
        ["Department", "Q1", "Q2", "Q3", "Q4", "Year"],
        ["Production", 148000, 152000, 149500, 151000, ("SUM(B2:E2)", 600500)],
        ["Calibration", 36500, 36500, 41000, 37200, ("SUM(B3:E3)", 151200)],
        ["Research", 52000, 58000, 61500, 60000, ("SUM(B4:E4)", 231500)],
        ["Sales and support", 44250, 44250, 46000, 46000, ("SUM(B5:E5)", 180500)],
        [
            "Total",
            ("SUM(B2:B5)", 280750),
            ("SUM(C2:C5)", 290750),
            ("SUM(D2:D5)", 298000),
            ("SUM(E2:E5)", 294200),
            ("SUM(F2:F5)", 1163700),
        ],
    ],
    "Headcount": [
        ["Department", "January", "December", "Note"],
        ["Production", 14, 15, "one fitter from August"],
        ["Calibration", 3, 4, "second shift in the third quarter"],
        ["Research", 5, 6, "radar project"],
        ["Sales and support", 5, 5, ""],
    ],
}


def documents() -> dict[str, bytes]:
    """Return the files of the folder by their path."""
    order = json.dumps(_ORDER, indent=2) + "\n"
    return {
        "finance/invoice-2026-0417.pdf": write_document(_INVOICE),
        "finance/invoice-1093-scan.pdf": write_scan(draw(_SCAN, 1240, 1754, size=26, amounts=500)),
        "finance/receipt-harbour-cafe.png": write_png(
            draw(_RECEIPT, 780, 1120, size=22, amounts=380)
        ),
        "finance/invoice-lemaire-latin1.txt": _LATIN_INVOICE.encode("latin-1"),
        "finance/ledger-march.csv": _LEDGER.encode(),
        "finance/purchase-order-8841.json": order.encode(),
        "finance/budget-2026.xlsx": write_xlsx("Budget 2026", _BUDGET),
    }
