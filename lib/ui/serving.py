"""What stands in front of Streamlit: the middlewares of `lib.server`, told what Streamlit was told."""

import os
import sys

import streamlit as st
from starlette.middleware import Middleware

from lib.errors import UsageError
from lib.server.door import SETTING, Door, Names


def middleware() -> list[Middleware]:
    """Return what every request passes before Streamlit sees it, first one first."""
    try:
        return [Middleware(Door, names=_names())]
    except UsageError as error:
        sys.exit(str(error))


def _names() -> Names:
    told = [st.get_option("server.address"), st.get_option("browser.serverAddress")]
    listed = [*st.get_option("server.allowedHosts"), os.environ.get(SETTING, "")]
    return Names.of([name for name in told if name], " ".join(listed))
