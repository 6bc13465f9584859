"""Rules and documents for the tests of the classifier."""

from sheaf.contracts.documents import ClassifierRule

INVOICE = ClassifierRule(
    type="invoice",
    description="A bill to a customer with invoice number, items, unit prices and amount due",
)
CONTRACT = ClassifierRule(
    type="contract",
    description="A legal agreement between parties with terms, obligations and signatures",
)
RESUME = ClassifierRule(
    type="resume",
    description="A person's curriculum vitae: education, work experience, skills and employers",
)
RECIPE = ClassifierRule(
    type="cooking_recipe",
    description="A recipe with ingredients, quantities, oven temperature and steps of cooking",
)
RULES = (INVOICE, CONTRACT, RESUME, RECIPE)

INVOICE_TEXT = """Invoice number 2024-117
Bill to: Hartmann Tools, 12 Mill Lane
Item: hex bolts M8, quantity 400, unit price 0.12, amount 48.00
Item: washers, quantity 400, unit price 0.03, amount 12.00
Subtotal 60.00
Tax 12.00
Total amount due by the customer: 72.00, payable within 30 days
"""
CONTRACT_TEXT = """This Agreement is entered into by and between the parties named below.
The Supplier shall perform the obligations set out in section 2. Either party may terminate
this Agreement by written notice. The terms are governed by the laws of Denmark. In witness
whereof the parties have affixed their signatures."""
WHALES_TEXT = """The humpback whale sings for hours in the warm waters of its breeding grounds.
Calves are born in winter, drink some 400 litres of milk a day and follow their mothers to the
krill of the polar seas in spring. Their flukes are as individual as fingerprints."""
