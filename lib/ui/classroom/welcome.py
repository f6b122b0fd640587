"""What the terminal says once the server is up, and the page that opens then."""

import sys
from collections.abc import Callable, Sequence

from lib.i18n import Translator
from lib.server import qr
from lib.server.host import HOST, PARAM
from lib.ui import internals
from lib.ui.classroom import where

_OPTION = "--lang="
_BLOCKS = "█▀▄"


def say() -> None:
    """Say where the app is, and open it in a browser of this machine.

    Streamlit would do so by itself, but asks a public service for this machine's address where it listens on all.
    """
    here = internals.own_address()
    told = next((each.removeprefix(_OPTION) for each in sys.argv if each.startswith(_OPTION)), "")
    invite = None if HOST.key is None else HOST.invite
    for line in lines(Translator(told), here, where.for_others(), invite, is_secure=where.is_secure()):
        print(line)
    sys.stdout.flush()
    internals.open_browser(here if invite is None else invitation(here, invite()))


def lines(
    t: Translator, here: str, others: Sequence[str], invite: Callable[[], str] | None, *, is_secure: bool
) -> list[str]:
    """Return what is said, line by line.

    Args:
        t: The reader's language.
        here: Where the app is for this machine.
        others: Where it is for others, the likeliest first.
        invite: Returns an invitation for a host; None where this machine alone reaches the app.
        is_secure: Whether it speaks TLS.
    """
    if invite is None:
        return ["", "  " + t("Discern is at {address}", address=here)]
    said = ["", *(_code(others[0]) if others else ()), ""]
    if others:
        said.append("  " + t("For phones and other computers: {address}", address=others[0]))
        if others[1:]:
            listed = ", ".join(others[1:])
            said.append("  " + t("If that does not open, this computer also has: {addresses}", addresses=listed))
        said.append("  " + room(t, others[0]))
        said.append("  " + (warning(t) if is_secure else plain_note(t)))
        said.append("  " + trouble(t))
    else:
        said.append("  " + t("This computer is on no network yet. Join the room’s Wi-Fi, then start again."))
    there = t("For the host, works once: {address}", address=invitation(here, invite()))
    said += ["", "  " + there]
    if others:
        on = t("For the host on another device, works once: {address}", address=invitation(others[0], invite()))
        said.append("  " + on)
    return said


def warning(t: Translator) -> str:
    """Return what a phone says of a certificate made here, and what to press."""
    return t(
        "The phone warns once that the connection is not private, because this computer vouches for itself. Press "
        "“Advanced” or “Show details”, then “Proceed” or “visit this website”."
    )


def plain_note(t: Translator) -> str:
    """Return what is missing without TLS."""
    return t("Without TLS phones can send photos, but the page cannot show their camera. `make class` starts with TLS.")


def room(t: Translator, address: str) -> str:
    """Return where phones join a room."""
    return t("To join a room, which the page Room opens: {address} and its code", address=f"{address}/r")


def trouble(t: Translator) -> str:
    """Return what to look at where phones reach nothing."""
    return t(
        "If nothing opens: phone and computer must be in the same network, and the computer’s firewall must let Python "
        "in."
    )


def invitation(address: str, invited: str) -> str:
    """Return the link that makes who opens it a host."""
    return f"{address}/?{PARAM}={invited}"


def _code(address: str) -> list[str]:
    """Return the QR code, if people look at this terminal and it can show one."""
    if not sys.stdout.isatty():
        return []
    try:
        _BLOCKS.encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return []
    return [f"  {line}" for line in qr.lines(address)]
