"""What Streamlit keeps to itself is where `lib.ui.internals` looks for it."""

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from streamlit import runtime
from streamlit.runtime import Runtime
from streamlit.runtime.memory_session_storage import MemorySessionStorage
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.pages_manager import PagesManager
from streamlit.runtime.uploaded_file_manager import DeletedFile, UploadedFile, UploadedFileRec
from streamlit.runtime.websocket_session_manager import WebsocketSessionManager

from lib.ui import internals

ROOT = Path(__file__).resolve().parents[2]


def upload(file: str, size: int = 1000) -> UploadedFileRec:
    return UploadedFileRec(file, f"{file}.jpg", "image/jpeg", bytes(size))


@pytest.fixture
def manager(monkeypatch: pytest.MonkeyPatch) -> MemoryUploadedFileManager:
    """The place for uploads of a server, seen from a session called "mine"."""
    files = MemoryUploadedFileManager("/_stcore/upload_file")
    context = SimpleNamespace(uploaded_file_mgr=files, session_id="mine")
    monkeypatch.setattr(internals, "get_script_run_ctx", lambda: context)
    monkeypatch.setattr(runtime, "get_instance", lambda: SimpleNamespace(uploaded_file_mgr=files))
    return files


def test_uploads_are_counted_and_freed_one_by_one(manager: MemoryUploadedFileManager) -> None:
    manager.add_file("mine", upload("a", 1000))
    manager.add_file("other", upload("b", 5000))
    assert internals.session() == "mine"
    assert set(internals.uploads()) == {("mine", "a"), ("other", "b")}
    assert 1000 <= internals.held_uploads()["mine"] < 5000 <= internals.held_uploads()["other"]
    internals.drop(("other", "b"))
    assert internals.uploads() == [("mine", "a")]


def test_the_servers_copy_of_what_a_page_took_is_freed(
    manager: MemoryUploadedFileManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    urls: Any = SimpleNamespace(delete_url="", upload_url="")
    records = [upload("a"), upload("b")]
    for record in records:
        manager.add_file("mine", record)
    held = [UploadedFile(records[0], urls), DeletedFile("gone")]
    monkeypatch.setattr(internals.st, "session_state", {"many": held, "one": held[0], "none": None})
    assert [file.name for file in internals.uploaded("many")] == ["a.jpg"]
    assert [file.name for file in internals.uploaded("one")] == ["a.jpg"]
    assert internals.uploaded("none") == []
    internals.release(internals.uploaded("many"))
    assert internals.uploads() == [("mine", "b")]


def test_sessions_are_kept_where_their_end_is_looked_for() -> None:
    storage = MemorySessionStorage(ttl_seconds=1)
    assert {"expire", "values", "__contains__", "_data"} <= set(dir(storage._cache))  # type: ignore[attr-defined]
    assert {"list_active_sessions"} <= set(dir(WebsocketSessionManager))
    assert {"is_active_session"} <= set(dir(Runtime))


def test_streamlit_takes_the_app_for_none_of_the_older_kind() -> None:
    internals.run_pages_by_the_entry()
    assert PagesManager(str(ROOT / "streamlit_app.py")).uses_pages_directory is False


def test_no_other_file_reaches_into_streamlit() -> None:
    inner = re.compile(r"^\s*(from|import) streamlit\.(?!typing)|^\s*from streamlit import", re.MULTILINE)
    sources = [path for folder in ("pages", "lib") for path in (ROOT / folder).rglob("*.py")]
    assert [path.name for path in sources if inner.search(path.read_text("utf-8"))] == ["internals.py"]


def test_streamlits_page_is_taken_apart_for_ours() -> None:
    scripts = internals.scripts()
    assert scripts.count('<script type="module"') == 1
    assert 'rel="stylesheet"' in scripts
    assert 'as="font"' in scripts
    assert "./static/" in scripts
    assert "service-desc" not in scripts
