"""An address as a QR code: for the screen, and for a terminal of any colours."""

import io
from base64 import b64encode

import segno

_BLACK_ON_WHITE = "\033[38;5;231;48;5;16m"  # as segno writes the light squares and leaves the dark ones
_AS_BEFORE = "\033[0m"


def picture(address: str) -> str:
    """Return it as a data URL of an SVG, black on white with the margin that scanners need, in any theme."""
    out = io.BytesIO()
    segno.make_qr(address).save(out, kind="svg", border=4, light="#fff", xmldecl=False, svgns=True, nl=False)
    return f"data:image/svg+xml;base64,{b64encode(out.getvalue()).decode()}"


def lines(address: str) -> list[str]:
    """Return it as lines for a terminal, which say their colours themselves."""
    out = io.StringIO()
    segno.make_qr(address).terminal(out, border=2, compact=True)
    return [f"{_BLACK_ON_WHITE}{line}{_AS_BEFORE}" for line in out.getvalue().splitlines()]
