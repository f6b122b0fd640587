"""Where phones find this machine."""

import socket

import pytest

from lib.server import addresses
from lib.server.addresses import Found, ranked

WIFI, CABLE = Found("wlp3s0", "192.168.1.5"), Found("eth0", "10.0.0.7")
DOCKER, VPN, TAILSCALE = Found("docker0", "172.17.0.1"), Found("utun4", "10.8.0.2"), Found("eth9", "100.101.1.2")
LOOP, NOBODYS = Found("lo", "127.0.0.1"), Found("en5", "169.254.3.4")


@pytest.mark.parametrize(
    ("found", "default", "expected"),
    [
        pytest.param([LOOP], None, [], id="no network"),
        pytest.param([LOOP, DOCKER, WIFI], "192.168.1.5", ["192.168.1.5", "172.17.0.1"], id="docker comes last"),
        pytest.param([VPN, WIFI], "10.8.0.2", ["192.168.1.5", "10.8.0.2"], id="also a vpn that takes everything"),
        pytest.param([TAILSCALE, WIFI], None, ["192.168.1.5", "100.101.1.2"], id="a tunnel by its address"),
        pytest.param([CABLE, WIFI], "10.0.0.7", ["10.0.0.7", "192.168.1.5"], id="the way to the internet first"),
        pytest.param([CABLE, WIFI], None, ["192.168.1.5", "10.0.0.7"], id="Wi-Fi where nothing else tells"),
        pytest.param([NOBODYS, DOCKER], None, ["172.17.0.1", "169.254.3.4"], id="an address that nobody gave"),
        pytest.param([NOBODYS], None, ["169.254.3.4"], id="that address alone"),
        pytest.param([WIFI, Found("wlp3s0", "192.168.1.5")], None, ["192.168.1.5"], id="once each"),
        pytest.param([Found("vEthernet (WSL)", "172.20.0.1"), Found("Wi-Fi", "10.1.1.1")], None,
                     ["10.1.1.1", "172.20.0.1"], id="Windows"),
    ],
)  # fmt: skip
def test_the_likeliest_comes_first(found: list[Found], default: str | None, expected: list[str]) -> None:
    assert list(ranked(found, default)) == expected


@pytest.mark.parametrize(
    ("machine", "expected"),
    [
        ("Lab-7", ("lab-7", "lab-7.local")),
        ("macbook.local", ("macbook", "macbook.local")),
        ("localhost", ()),
        ("교실", ()),
        ("", ()),
        ("bad_name", ()),
    ],
)
def test_names_are_those_that_a_network_knows(
    monkeypatch: pytest.MonkeyPatch, machine: str, expected: tuple[str, ...]
) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: machine)
    assert addresses.names() == expected


def test_this_machine_is_asked_and_nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    def send(*_: object) -> None:
        pytest.fail("Something was sent.")

    monkeypatch.setattr(socket.socket, "send", send, raising=False)
    monkeypatch.setattr(socket.socket, "sendto", send, raising=False)
    found = addresses.lan()
    assert all(socket.inet_aton(address) for address in found)
    assert "127.0.0.1" not in found
