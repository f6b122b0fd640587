"""Files to take away are written in a thread without a session, where `st.session_state` is one for all visitors."""

import threading
from collections.abc import Callable, Iterator
from typing import Any
from unittest.mock import patch

import pytest
from streamlit.runtime.media_file_manager import MediaFileManager
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.state import session_state_proxy

from tests.pages.conftest import app, ask, bring, cat, sample, upload
from tests.pages.test_compare import TWO, compare, see
from tests.pages.test_labelled import evaluate, give, labelled

Offered = dict[str, Callable[[], str | bytes]]


@pytest.fixture
def offered() -> Iterator[Offered]:
    """Collect what is written only when its button is pressed, by the file's name, as drawn last."""
    found: Offered = {}
    real = MediaFileManager.add_deferred

    def note(self: MediaFileManager, data: Any, *rest: Any, file_name: str, **others: Any) -> str:
        found[file_name] = data
        return real(self, data, *rest, file_name=file_name, **others)

    with patch.object(MediaFileManager, "add_deferred", note):
        yield found


def write(offered: Offered) -> dict[str, bytes]:
    """Write all files as Streamlit does when a button is pressed; asking for a session there is an error."""
    real = session_state_proxy.get_session_state
    written: dict[str, bytes] = {}
    strays: list[str] = []

    def ask() -> object:
        if get_script_run_ctx(suppress_warning=True) is None:
            strays.append(threading.current_thread().name)
        return real()

    def call(file: str, data: Callable[[], str | bytes]) -> None:
        content = data()
        written[file] = content.encode() if isinstance(content, str) else content

    with patch.object(session_state_proxy, "get_session_state", ask):
        for file, data in offered.items():
            thread = threading.Thread(target=call, args=(file, data), name=file)
            thread.start()
            thread.join()
    assert not strays, "these asked for the state of a session in a thread that has none"
    assert written.keys() == offered.keys()
    return written


def test_each_visitor_of_classify_takes_away_their_own_photos() -> None:
    one, two = app(), app()
    bring(one, cat())
    bring(two, sample("china.jpg", "temple.jpg"))
    for file in ("results.csv", "results.jsonl"):
        assert "cat.png" in ask(one, "GET", file)
        assert "temple.jpg" in ask(two, "GET", file)
        assert "cat.png" not in ask(two, "GET", file)


def test_side_by_side_writes_without_a_session(offered: Offered) -> None:
    upload(compare("starter-scratch", "starter-small"), cat())
    assert write(offered)["discern-comparison.csv"].count(b"cat.png") == 2


def test_an_evaluation_is_written_without_a_session(offered: Offered) -> None:
    evaluate(give(see(compare(*TWO), "labelled"), "a.zip", labelled("cat/1.png", "dog/2.png")))
    assert len(write(offered)) == 3


def test_code_is_written_without_a_session(offered: Offered) -> None:
    app("pages/embed.py")
    assert write(offered)
