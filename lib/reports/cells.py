"""CSV cells that no spreadsheet runs."""

import csv
import io

# Excel reads a CSV file as UTF-8 only if it starts with this mark.
BOM = "\ufeff"


# A cell that starts with one of these is run as a formula by Excel, LibreOffice and Google Sheets; the full-width
# forms too, in East Asian settings (OWASP, "CSV Injection").
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def encode(text: str) -> bytes:
    """Return UTF-8; what a file name holds that is no text is written as an escape."""
    return text.encode("utf-8", "backslashreplace")


def as_text(name: str) -> str:
    """Return a name as it stands in JSON and in tables: what is no text in it is written as an escape."""
    return name if name.isascii() else encode(name).decode("utf-8")


def harmless(text: str) -> str:
    """Return `text` so that no spreadsheet takes it for a formula: an apostrophe is put before it if need be."""
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


def csv_line(cells: list[object]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\r\n").writerow(cells)
    return buffer.getvalue()
