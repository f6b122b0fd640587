"""Where the app is, for this machine and for others."""

import os

import streamlit as st

from lib.server import addresses
from lib.server.door import SETTING
from lib.server.host import is_for_all
from lib.ui import internals

_EVERYWHERE = (None, "", "0.0.0.0", "::")


def is_class() -> bool:
    """Whether others than this machine may reach the server: by themselves, or through a proxy."""
    return is_for_all(st.get_option("server.address")) or bool(os.environ.get(SETTING, "").strip())


def is_secure() -> bool:
    """Whether it speaks TLS."""
    return bool(st.get_option("server.sslCertFile"))


def for_others() -> tuple[str, ...]:
    """Return the addresses that phones may open, the likeliest first; asked anew each time, as a laptop moves."""
    listens, named = st.get_option("server.address"), st.get_option("browser.serverAddress")
    if internals.is_told("browser.serverAddress"):
        hosts: tuple[str, ...] = (named,)
    elif listens in _EVERYWHERE:
        hosts = addresses.lan()
    else:
        hosts = (listens,) if is_for_all(listens) else ()
    return tuple(map(internals.address_of, hosts))
