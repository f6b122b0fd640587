"""All names that Streamlit keeps to itself; `tests/ui/test_internals.py` tells when an update changes them."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import streamlit as st
from google.protobuf.message import DecodeError
from streamlit import cli_util, config, file_util, runtime
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.pages_manager import PagesManager
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.typing import UploadedFile
from streamlit.web.server import server_util

Upload = tuple[str, str]
"""A session's id and a file's."""

# The kinds of parts that pages begin with; Streamlit loads the code of each when it first draws one.
_EARLY = ("BidiComponent", "Html", "Selectbox", "ButtonGroup", "Button", "FileUploader")

_RECORD_BYTES = 1024  # what a file costs beside its content


def run_pages_by_the_entry() -> None:
    """Keep Streamlit from taking the folder `pages/` for its older kind of app.

    Until `st.navigation` is first called it would, and run a page without the entry: whoever opens a link to a page on
    a freshly started server would get it bare.
    """
    PagesManager.uses_pages_directory = False


def scripts() -> str:
    """Return what Streamlit's page loads: its scripts, style and font, as HTML; and early what it asks for late."""
    folder = Path(file_util.get_static_dir())
    loads = r'<(?:script|link)\b[^>]*"\./static/[^>]*>(?:</script>)?'
    found = re.findall(loads, (folder / "index.html").read_text(encoding="utf-8"))
    early = [path.relative_to(folder) for name in _EARLY for path in folder.glob(f"static/js/{name}.*.js")]
    found += [f'<link rel="modulepreload" crossorigin href="./{path.as_posix()}">' for path in early]
    return "\n".join(" ".join(each.split()) for each in found)


def is_told(option: str) -> bool:
    """Whether somebody set an option of Streamlit's."""
    return config.is_manually_set(option)


def address_of(host: str) -> str:
    """Return where the app is for a browser that calls this machine `host`."""
    return server_util.get_url(host)


def own_address() -> str:
    """Return where the app is for a browser on this machine."""
    return address_of(server_util.get_display_address(config.get_option("server.address") or "0.0.0.0"))


def open_browser(address: str) -> None:
    """Open an address in a browser of this machine, unless it was told to leave that alone."""
    if not config.get_option("server.headless"):
        cli_util.open_browser(address)


def session() -> str | None:
    """Return the id of the session whose page is being drawn; None in a thread of another kind."""
    context = get_script_run_ctx()
    return None if context is None else context.session_id


def is_open(session: str) -> bool:
    """Whether a session is connected to a browser."""
    return runtime.get_instance().is_active_session(session)


def end_expired_sessions() -> None:
    """End the sessions that have been disconnected for `server.disconnectedSessionTTL`, and free what they held."""
    sessions: Any = runtime.get_instance()._session_mgr
    stored = sessions._session_storage._cache
    for session in [kept.session for id_, kept in stored._data.items() if id_ not in stored]:
        session.shutdown()
    stored.expire()
    alive = {kept.session.id for kept in [*stored.values(), *sessions.list_active_sessions()]}
    for gone in _files().file_storage.keys() - alive:  # an upload that ended after its session did
        _files().remove_session_files(gone)


def held_uploads() -> dict[str, int]:
    """Return how many bytes of uploads each session holds that no page has taken."""
    stored = list(_files().file_storage.items())
    return {session: sum(len(file.data) + _RECORD_BYTES for file in list(files.values())) for session, files in stored}


def uploads() -> list[Upload]:
    """Return what is held."""
    return [(session, file) for session, files in list(_files().file_storage.items()) for file in list(files)]


def drop(upload: Upload) -> None:
    """Free one file."""
    _files().remove_file(*upload)


def uploaded(key: str) -> list[UploadedFile]:
    """Return what the uploader or camera of this key holds.

    A click in the same moment makes Streamlit call back twice; the second time the files are gone already.
    """
    held = st.session_state[key]
    return [file for file in (held if isinstance(held, list) else [held]) if isinstance(file, UploadedFile)]


def release(files: Iterable[UploadedFile]) -> None:
    """Free the server's copies at once.

    Streamlit frees them when a visitor presses the file's X, but not when the widget goes away, so this does what the X
    does.
    """
    context: Any = get_script_run_ctx()
    for file in files:
        context.uploaded_file_mgr.remove_file(context.session_id, file.file_id)


def kind_of_message(data: bytes) -> str:
    """Return what a page asks for, by the name in Streamlit's protocol; "" if `data` is no message of it."""
    try:
        message = BackMsg.FromString(data)
    except DecodeError:
        return ""
    kind = message.WhichOneof("type") or ""
    return (
        message.backend_operation_request.WhichOneof("payload") or "" if kind == "backend_operation_request" else kind
    )


def _files() -> MemoryUploadedFileManager:
    files = runtime.get_instance().uploaded_file_mgr
    assert isinstance(files, MemoryUploadedFileManager)
    return files
