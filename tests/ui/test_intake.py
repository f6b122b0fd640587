"""Uploads: the server's copy goes as soon as a photo is in the album."""

from types import SimpleNamespace
from typing import Any

import pytest
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.uploaded_file_manager import UploadedFileRec

from lib.ui import intake


def test_the_servers_copy_of_an_upload_is_freed(monkeypatch: pytest.MonkeyPatch) -> None:
    manager = MemoryUploadedFileManager("/_stcore/upload_file")
    manager.add_file("session", UploadedFileRec("1", "a.jpg", "image/jpeg", b"a" * 1000))
    manager.add_file("session", UploadedFileRec("2", "b.jpg", "image/jpeg", b"b" * 1000))
    context = SimpleNamespace(uploaded_file_mgr=manager, session_id="session")
    monkeypatch.setattr(intake, "get_script_run_ctx", lambda: context)
    intake.release([_File("1")])
    kept: list[Any] = manager.get_files("session", ["1", "2"])
    assert [file.file_id for file in kept] == ["2"]


class _File:
    def __init__(self, file_id: str) -> None:
        self.file_id = file_id
