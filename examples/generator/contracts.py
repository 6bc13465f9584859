"""The folder contracts/: an agreement of several pages, a service contract, an NDA and a lease."""

from generator.office import write_docx
from generator.open_formats import write_odt, write_rtf
from generator.pdf import write_document

_SUPPLY = """
# Supply Agreement

This Supply Agreement is made on 2 February 2026 between Harrow & Finch Instruments Ltd, of 7
Mill Lane, Lymington ("the Supplier"), and Northgate Water Authority, of 40 Castle Street, Durham
("the Buyer").

The Buyer operates 212 gauging stations on rivers and reservoirs and wishes to replace the
instruments in them over three years. The Supplier makes water-level gauges and has agreed to
supply them on the terms below.

## 1. Supply and orders

1.1 The Supplier shall supply gauges of the types HF-210 and HF-340, with cables and mounting
brackets, in the quantities that the Buyer orders in writing.

1.2 The Buyer shall order at least 60 gauges in each contract year. An order is binding when the
Supplier confirms it, which it shall do within five working days.

1.3 The Supplier may replace a part by one of equal or better accuracy, after two weeks' notice
and at no further cost.

## 2. Prices and payment

2.1 The price of an HF-210 gauge is £640 and the price of an HF-340 gauge is £985, both without
VAT. Prices are fixed until 31 January 2027 and may then rise once a year by no more than the
index of producer prices.

2.2 The Supplier shall invoice on delivery. The Buyer shall pay within 30 days of the date of the
invoice.

2.3 Interest on late payment runs at four per cent a year above the base rate of the Bank of
England.

## 3. Delivery and risk

3.1 Delivery is to the Buyer's depot at Belmont, between eight and four o'clock on working days.
The Supplier shall give two days' notice of every delivery.

3.2 Risk passes on delivery. Title passes when the invoice for the goods has been paid in full.

3.3 If a delivery is more than ten working days late, the Buyer may deduct two per cent of its
price for each further week, up to ten per cent in all.

## 4. Inspection and acceptance

4.1 The Buyer shall inspect the goods within 20 working days and test one gauge in ten against a
reference staff over the full range.

4.2 A gauge that deviates by more than three millimetres at any point is defective. If more than
two gauges of a delivery are defective, the Buyer may return the whole delivery.

## 5. Warranty

5.1 The Supplier warrants for 36 months from delivery that each gauge keeps the accuracy stated
in its product sheet, if it is installed and cleaned as the manual says.

5.2 The Supplier shall repair or replace a defective gauge within 15 working days of its return,
and bears the cost of carriage both ways.

5.3 The warranty does not cover damage by lightning, ice pressure or vandalism.

## 6. Liability

6.1 Neither party limits its liability for death or personal injury caused by its negligence, or
for fraud.

6.2 Otherwise the liability of each party in a contract year is limited to the greater of
£250,000 and the price of the goods ordered in that year.

6.3 Neither party is liable for loss of profit or for damage that could not be foreseen at the
date of this agreement.

## 7. Confidentiality and data

7.1 Each party shall keep the other's drawings, calibration records and prices confidential,
during this agreement and for five years after it ends.

7.2 Level readings that reach the Supplier during repair belong to the Buyer and shall be erased
when the gauge is returned.

## 8. Term and termination

8.1 This agreement begins on 1 March 2026 and ends on 28 February 2029. The Buyer may extend it
once by 12 months, by notice given before 30 November 2028.

8.2 Either party may terminate it at once if the other commits a material breach and does not
cure it within 30 days of notice, or becomes insolvent.

8.3 Orders confirmed before the end of the agreement shall still be fulfilled and paid.

## 9. General

9.1 This agreement is the whole agreement between the parties about its subject, and changes to
it are valid only in writing signed by both.

9.2 Neither party may assign its rights without the consent of the other, which shall not be
withheld without reason.

9.3 This agreement is governed by the law of England and Wales.

---

# Schedule 1: minimum quantities

| Contract year | HF-210 | HF-340 | Spare cables |
| --- | --- | --- | --- |
| March 2026 to February 2027 | 48 | 16 | 20 |
| March 2027 to February 2028 | 52 | 12 | 20 |
| March 2028 to February 2029 | 44 | 18 | 20 |

The quantities of a contract year may be moved to the next by agreement in writing, up to one fifth
of each figure. Spare cables are 25 m long unless the order says otherwise.

---

# Schedule 2: acceptance test

The Buyer tests one gauge in ten of each delivery, and at least two. The test is made in the 4 m
tank at Belmont or, by agreement, in the Supplier's tank at Lymington.

- Leave the gauge in water of 15 °C for two hours before the first reading.
- Raise the level in eight steps of half a metre and wait five minutes at each.
- Read the gauge and the reference staff three times at each step and keep the median.
- Lower the level in the same steps and read again.

| Step | Level in m | Largest deviation in mm |
| --- | --- | --- |
| 1 | 0.5 | 2 |
| 2 | 1.0 | 2 |
| 3 | 1.5 | 2 |
| 4 | 2.0 | 3 |
| 5 | 2.5 | 3 |
| 6 | 3.0 | 3 |
| 7 | 3.5 | 3 |
| 8 | 4.0 | 3 |

---

# Schedule 3: contacts and notices

Notices under this agreement are given in writing to the persons below, and count as received on the
second working day after they were sent.

| Party | Name | Role |
| --- | --- | --- |
| Supplier | Miriam Finch | Managing Director |
| Supplier | Owen Clarke | Customer support |
| Buyer | Peter Lumley | Head of Procurement |
| Buyer | Helen Ashworth | Gauging network |

# Signatures

Signed for Harrow & Finch Instruments Ltd: Miriam Finch, Managing Director, 2 February 2026

Signed for Northgate Water Authority: Peter Lumley, Head of Procurement, 2 February 2026
"""
_SERVICE = """
# Service Contract

This contract is made on 9 March 2026 between Northgate Water Authority ("the Client") and
Tidewell Field Services LLP ("the Contractor"). The Contractor shall maintain the gauging
stations listed below.

## Duties of the Contractor

- Visit each station at the interval in the table and clean its stilling well.
- Compare the gauge with the staff and record both readings.
- Report a deviation of more than three millimetres within one working day.

## Stations and fees

| Station | River | Visits a year | Fee a visit |
| --- | --- | --- | --- |
| Croxdale | Wear | 6 | £185.00 |
| Sunderland Bridge | Wear | 6 | £185.00 |
| Barnard Castle | Tees | 4 | £240.00 |
| Middleton | Tees | 4 | £260.00 |

## Term

The contract runs for 24 months from 1 April 2026. Either party may terminate it by three months'
notice in writing.

## Liability and insurance

The Contractor shall hold public liability insurance of at least £5,000,000 and show the
certificate on request.
"""
_NDA = """
# Mutual Non-Disclosure Agreement

This agreement is made on 14 January 2026 between Harrow & Finch Instruments Ltd and Calder
Optics GmbH. The parties wish to discuss a radar sensor that they may develop together.

## Confidential information

Confidential information means drawings, firmware, test results, prices and names of customers
that one party gives to the other, in any form, if it is marked confidential or is plainly so by
its nature.

## Obligations

- The receiving party shall use the information only to assess the project.
- It shall disclose the information only to employees and advisers who need it and are bound by
  the same duty.
- It shall return or destroy every copy within 14 days of a request.

## Term and governing law

The obligations last for three years from the date of this agreement. It is governed by the law
of England and Wales, and the parties submit to the courts of London.

Signed: Miriam Finch, Harrow & Finch Instruments Ltd; Jürgen Vogt, Calder Optics GmbH
"""
_LEASE = """
# Equipment Lease Agreement

Coastline Leasing plc ("the Lessor") leases to Harrow & Finch Instruments Ltd ("the Lessee") the
equipment below from 1 May 2026, for a term of 48 months.

| Equipment | Serial number | Monthly rent |
| --- | --- | --- |
| Calibration tank, 4 m | CT4-1187 | £410.00 |
| Pressure reference, 10 bar | PR10-0093 | £95.00 |

## Obligations of the Lessee

- Pay the rent on the first day of each month by direct debit.
- Keep the equipment insured at its replacement value and in good repair.
- Not sell, sublet or move the equipment without written consent.

## End of the lease

At the end of the term the Lessee shall return the equipment or buy it for ten per cent of its
list price. Each party may terminate this agreement if the other is in material breach of it.
"""


def documents() -> dict[str, bytes]:
    """Return the files of the folder by their path."""
    footer = "Supply Agreement, Harrow & Finch Instruments and Northgate Water Authority"
    return {
        "contracts/supply-agreement.pdf": write_document(_SUPPLY, footer=footer),
        "contracts/service-contract.docx": write_docx("Service Contract", _SERVICE),
        "contracts/mutual-nda.rtf": write_rtf(_NDA),
        "contracts/equipment-lease.odt": write_odt(_LEASE),
    }
