"""Search Attributes by which operators find batches in the Temporal UI."""

STATUS = "SheafStatus"
PROJECT = "SheafProject"
JOB_TYPE = "SheafJobType"
DIRECTORY = "SheafDirectory"
FAILED = "SheafFailed"
TOTAL = "SheafTotal"

KEYWORDS = (STATUS, PROJECT, JOB_TYPE, DIRECTORY)
INTEGERS = (FAILED, TOTAL)

TYPES = {**dict.fromkeys(KEYWORDS, "Keyword"), **dict.fromkeys(INTEGERS, "Int")}
"""Type of each as Temporal's command line spells it."""
