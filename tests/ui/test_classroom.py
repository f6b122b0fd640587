"""A class: what the terminal says, and where phones find it."""

import re

import pytest
import streamlit as st
from streamlit import config

from lib.i18n import Translator
from lib.server import addresses
from lib.server.host import HOST
from lib.ui import internals
from lib.ui.classroom import welcome, where

KEY = "k" * 32
WIFI, CABLE = "192.168.1.5", "10.0.0.7"


@pytest.fixture
def options(monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """Return what Streamlit is told beside its file of settings; to be changed."""
    told: dict[str, object] = {"server.headless": True, "server.port": 8501}
    before = config.get_option

    def get_option(name: str) -> object:
        return told[name] if name in told else before(name)

    monkeypatch.setattr(config, "get_option", get_option)
    monkeypatch.setattr(st, "get_option", get_option)
    monkeypatch.setattr(internals, "is_told", told.__contains__)
    monkeypatch.setattr(addresses, "lan", lambda: (WIFI, CABLE))
    return told


def said(capsys: pytest.CaptureFixture[str]) -> list[str]:
    """Return the addresses that the terminal shows."""
    welcome.say()
    return re.findall(r"https?://[^\s,]+", capsys.readouterr().out)


def test_for_this_machine_alone_its_address_is_all(
    options: dict[str, object], capsys: pytest.CaptureFixture[str]
) -> None:
    assert said(capsys) == ["http://127.0.0.1:8501"]
    assert not where.is_class()
    assert where.for_others() == ()


@pytest.mark.parametrize("address", ["0.0.0.0", "::", None])
def test_a_class_is_told_where_it_is_and_who_is_its_host(
    options: dict[str, object], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, address: str | None
) -> None:
    options |= {"server.address": address, "server.sslCertFile": "tls.pem"}
    monkeypatch.setattr(HOST, "key", "secret")
    monkeypatch.setattr(HOST, "invite", lambda: KEY)
    assert said(capsys) == [
        f"https://{WIFI}:8501",
        f"https://{CABLE}:8501",
        f"https://{WIFI}:8501/r",
        f"https://localhost:8501/?host={KEY}",
        f"https://{WIFI}:8501/?host={KEY}",
    ]
    assert where.is_class()


def test_the_page_that_opens_here_is_the_hosts(options: dict[str, object], monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr(internals, "open_browser", opened.append)
    welcome.say()
    options |= {"server.address": "0.0.0.0", "server.sslCertFile": "tls.pem"}
    monkeypatch.setattr(HOST, "key", "secret")
    monkeypatch.setattr(HOST, "invite", lambda: KEY)
    welcome.say()
    assert opened == ["http://127.0.0.1:8501", f"https://localhost:8501/?host={KEY}"]


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({"server.address": "192.168.7.7"}, ("http://192.168.7.7:8501",)),
        ({"server.address": "0.0.0.0", "browser.serverAddress": "lab.example.org"}, ("http://lab.example.org:8501",)),
        ({"server.address": "0.0.0.0"}, (f"http://{WIFI}:8501", f"http://{CABLE}:8501")),
    ],
)
def test_phones_open_what_the_server_listens_on(
    options: dict[str, object], told: dict[str, object], expected: tuple[str, ...]
) -> None:
    options |= told
    assert where.for_others() == expected


def test_a_proxy_in_front_makes_it_a_class(options: dict[str, object], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISCERN_HOSTS", "lab.example.org")
    assert where.is_class()


def test_the_terminal_says_what_a_phone_warns_of_and_what_is_missing_without_tls() -> None:
    t = Translator()
    here, others = "https://localhost:8501", [f"https://{WIFI}:8501"]
    secure = "\n".join(welcome.lines(t, here, others, lambda: KEY, is_secure=True))
    assert "The phone warns once" in secure
    plain = "\n".join(welcome.lines(t, here, others, lambda: KEY, is_secure=False))
    assert "`make class` starts with TLS" in plain
    assert "warns" not in plain


def test_without_a_network_the_terminal_says_what_to_do() -> None:
    lines = welcome.lines(Translator(), "https://localhost:8501", [], lambda: KEY, is_secure=True)
    assert any("is on no network yet" in line for line in lines)
    assert sum("host=" in line for line in lines) == 1


@pytest.mark.parametrize(("language", "start"), [("ko", "휴대전화"), ("ja", "スマートフォン")])
def test_the_terminal_speaks_the_language_it_was_started_in(
    options: dict[str, object],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    language: str,
    start: str,
) -> None:
    options["server.address"] = "0.0.0.0"
    monkeypatch.setattr(HOST, "key", KEY)
    monkeypatch.setattr("sys.argv", ["streamlit_app.py", f"--lang={language}"])
    welcome.say()
    assert f"\n  {start}" in capsys.readouterr().out


@pytest.mark.parametrize(("encoding", "is_shown"), [("utf-8", True), ("cp1252", False), (None, False)])
def test_a_code_is_shown_where_a_person_looks_and_the_terminal_has_its_squares(
    monkeypatch: pytest.MonkeyPatch, encoding: str | None, is_shown: bool
) -> None:
    terminal = type("Terminal", (), {"encoding": encoding, "isatty": lambda self: True})()
    monkeypatch.setattr("sys.stdout", terminal)
    lines = welcome.lines(Translator(), "https://localhost:8501", [f"https://{WIFI}:8501"], lambda: KEY, is_secure=True)
    monkeypatch.undo()
    assert any("█" in line for line in lines) is is_shown
