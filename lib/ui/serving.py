"""What stands in front of Streamlit: the middlewares of `lib.server`, told what Streamlit was told."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import streamlit as st
from starlette.formparsers import MultiPartParser
from starlette.middleware import Middleware

from lib.errors import UsageError
from lib.server import limits
from lib.server.connections import Connections, raise_open_files, watched
from lib.server.door import SETTING, Door, Names
from lib.server.headers import Headers
from lib.server.stream import Stream
from lib.server.uploads import Uploads
from lib.ui import internals


def middleware() -> list[Middleware]:
    """Return what every request passes before Streamlit sees it, first one first."""
    MultiPartParser.spool_max_size = limits.PHOTO_BYTES  # else a photo above 1 MB lies on the disk while it comes in
    try:
        return [
            Middleware(Headers),
            Middleware(Door, names=_names()),
            Middleware(Stream, kind=internals.kind_of_message),
            Middleware(Uploads, held=internals.held_uploads, server_bytes=limits.server_bytes()),
        ]
    except UsageError as error:
        sys.exit(str(error))


def _names() -> Names:
    told = [st.get_option("server.address"), st.get_option("browser.serverAddress")]
    listed = [*st.get_option("server.allowedHosts"), os.environ.get(SETTING, "")]
    return Names.of([name for name in told if name], " ".join(listed))


@asynccontextmanager
async def lifespan(_app: st.App) -> AsyncIterator[None]:
    """Do what has to be done while the server runs."""
    sweeping = asyncio.create_task(_sweep())
    async with watched(Connections(*limits.connections(raise_open_files()))):
        internals.open_browser()
        yield
    sweeping.cancel()


async def _sweep() -> None:
    """Free what visitors left behind: Streamlit does so only when another one leaves."""
    first_seen: dict[internals.Upload, float] = {}
    while True:
        await asyncio.sleep(limits.SWEEP_S)
        internals.end_expired_sessions()
        now = asyncio.get_running_loop().time()
        first_seen = {upload: first_seen.get(upload, now) for upload in internals.uploads()}
        for upload, since in first_seen.items():
            if now - since > limits.UNTAKEN_S:
                internals.drop(upload)
