"""Names that Streamlit keeps to itself; `tests/server/test_serving.py` tells when an update changes them."""

from typing import Any

from google.protobuf.message import DecodeError
from streamlit import cli_util, config, runtime
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.web.server import server_util

Upload = tuple[str, str]
"""A session's id and a file's."""

_RECORD_BYTES = 1024  # what a file costs beside its content


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


def open_browser() -> None:
    """Open the app in a browser of this machine, as Streamlit does by itself for an entry that is only a script."""
    if not config.get_option("server.headless"):
        address = server_util.get_display_address(config.get_option("server.address") or "localhost")
        cli_util.open_browser(server_util.get_url(address))


def _files() -> MemoryUploadedFileManager:
    files = runtime.get_instance().uploaded_file_mgr
    assert isinstance(files, MemoryUploadedFileManager)
    return files
