"""What stands in front of Streamlit, the middlewares of `lib.server`, and what is done now and then while it runs."""

import asyncio
import contextlib
import os
import sys
import time
from collections.abc import AsyncIterator
from functools import cache

import streamlit as st
from starlette.formparsers import MultiPartParser
from starlette.middleware import Middleware
from starlette.routing import Route

from lib.api import routes as api
from lib.api.guard import Guard
from lib.errors import UsageError
from lib.face.card import Card, card
from lib.i18n import Translator
from lib.results import Outcome
from lib.server import lessons, limits, memory, on_device, photos, previews, projects
from lib.server.album import Photo
from lib.server.asked import Asked
from lib.server.connections import Connections, raise_open_files, watched
from lib.server.door import SETTING, Door, Names
from lib.server.host import HOST, Entrance, kept_key
from lib.server.metrics import METRICS
from lib.server.models import server_models
from lib.server.room import phones, teacher
from lib.server.room.looking import Looking
from lib.server.room.rooms import server_rooms
from lib.server.room.state import Place
from lib.server.security_headers import Headers
from lib.server.stream import Stream
from lib.server.tracing import Tracing, logs_requests
from lib.server.uploads import Uploads
from lib.server.visits import VISITS, Visit
from lib.server.workshop import server_workshop
from lib.ui import header, internals, web
from lib.ui.classify import samples
from lib.ui.classroom import welcome, where
from lib.ui.models import loaded
from lib.ui.room import phone
from lib.work.files import data_folder


def middleware(own: list[Route]) -> list[Middleware]:
    """Return what every request passes before Streamlit sees it, first one first; `own` are our `routes`."""
    memory.share_arenas()
    internals.run_pages_by_the_entry()
    HOST.key = kept_key(data_folder()) if where.is_class() else None
    MultiPartParser.spool_max_size = limits.PHOTO_BYTES  # else a photo above 1 MB lies on the disk while it comes in
    try:
        return [
            Middleware(Tracing, routes=own, logs=logs_requests()),
            Middleware(Headers),
            Middleware(Door, names=_names(), admits=_guard().admits),
            Middleware(Entrance, host=HOST),
            Middleware(Stream, kind=internals.kind_of_message),
            Middleware(Uploads, held=internals.held_uploads, server_bytes=limits.waiting_bytes()),
        ]
    except UsageError as error:
        sys.exit(str(error))


def routes() -> list[Route]:
    """Return what is served beside Streamlit's own."""
    pages = [*header.first_page().routes(), *web.routes(), *samples.routes()]
    return [
        *pages,
        *photos.routes(_card),
        *projects.routes(),
        *on_device.routes(),
        *lessons.routes(),
        *phones.routes(phone.page, server_rooms, server_workshop, _looking()),
        *teacher.routes(_place, lambda: server_models().store, server_rooms, server_workshop, _looking()),
        *api.routes(_guard()),
    ]


@cache
def _guard() -> Guard:
    return Guard.of_environment()


@cache
def _looking() -> Looking:
    return Looking()


def _place() -> Place:
    return Place(where.for_others() if where.is_class() else (), internals.own_address())


def _card(t: Translator, visit: Visit, photo: Photo, outcome: Outcome | None, asked: Asked) -> Card:
    models = server_models()
    look = models.find(asked.model, is_whole=asked.is_whole).folder.spec.input
    return card(t, visit.id, photo, outcome, look, models.find(asked.model).folder.spec)


def _names() -> Names:
    told = [st.get_option("server.address"), st.get_option("browser.serverAddress")]
    listed = [*st.get_option("server.allowedHosts"), os.environ.get(SETTING, "")]
    return Names.of([name for name in told if name], " ".join(listed))


@contextlib.asynccontextmanager
async def lifespan(_app: st.App) -> AsyncIterator[None]:
    """Do what has to be done while the server runs."""
    VISITS.is_open = internals.is_open
    server_rooms().forget = _looking().forget  # so those that were open when the server ended are there at once
    tasks = [asyncio.create_task(task) for task in (_free_uploads(), _forget(), asyncio.to_thread(_warm))]
    connections = Connections(*limits.connections(raise_open_files()))
    _watch(connections)
    async with watched(connections):
        welcome.say()
        yield
    for task in tasks:
        task.cancel()


def _warm() -> None:
    """Load what visitors will ask for; all that is there then stays."""
    loaded.warm()
    memory.settle()


def _watch(connections: Connections) -> None:
    """Show at /metrics what is going on."""
    METRICS.watch("discern_visits", "Visits in memory.", lambda: {"": VISITS.count})
    METRICS.watch("discern_held_bytes", "What visits hold in memory.", lambda: {"": VISITS.held_bytes})
    METRICS.watch("discern_rooms", "Rooms that are open.", lambda: {"": server_rooms().count})
    METRICS.watch("discern_room_people", "People in rooms.", lambda: {"": server_rooms().people})
    METRICS.watch("discern_room_bytes", "What rooms hold in memory.", lambda: {"": server_rooms().held_bytes})
    METRICS.watch("discern_connections", "Open connections.", lambda: {"": connections.count})


async def _free_uploads() -> None:
    """Free what visitors left behind: Streamlit does so only when another one leaves."""
    first_seen: dict[internals.Upload, float] = {}
    while True:
        await asyncio.sleep(limits.SWEEP_S)
        internals.end_expired_sessions()
        now = time.monotonic()
        first_seen = {upload: first_seen.get(upload, now) for upload in internals.uploads()}
        for upload, since in first_seen.items():
            if now - since > limits.UNTAKEN_S:
                internals.drop(upload)


async def _forget() -> None:
    """Forget the visits, rooms, previews and projects that are due, and let the memory go."""
    while True:
        await asyncio.sleep(limits.FORGET_S)
        await asyncio.to_thread(_forget_now)


def _forget_now() -> None:
    VISITS.sweep()
    server_rooms().sweep()
    previews.sweep()
    server_workshop().sweep()
    memory.give_back()  # Streamlit would collect after every run of a page, see .streamlit/config.toml
