"""Extensions of files that are read here and that clients know of.

A help for whoever chooses files: what is read is told by bytes, and a name that says nothing, or
something wrong, keeps no document out. docs/formats.md has those too that the contract does not
name, such as `.eml`: clients with a closed list refuse an answer that has one.
"""

SUPPORTED_EXTENSIONS = (
    ".bmp", ".csv", ".doc", ".docm", ".docx", ".dotm", ".dotx", ".epub", ".fods", ".gif",
    ".htm", ".html", ".jpeg", ".jpg", ".md", ".odp", ".ods", ".odt", ".otp", ".ots", ".ott",
    ".pdf", ".png", ".potm", ".potx", ".ppt", ".pptm", ".pptx", ".rtf", ".tif", ".tiff", ".tsv",
    ".webp", ".xls", ".xlsb", ".xlsm", ".xlsx", ".xml",
)  # fmt: skip
"""With their dot, in lower case, sorted. Pictures need OCR data where they are read."""
