"""Where others on the network find this machine. No packet is sent to find out."""

import re
import socket
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

import psutil

# Of machines within the machine, and of tunnels to other networks: phones in the room do not reach these.
_VIRTUAL = re.compile(
    r"docker|br-|veth|virbr|vmnet|vboxnet|virtualbox|vmware|vethernet|hyper-v|lxc|lxd|cni|flannel|podman"
    r"|tun|tap|utun|wg|ppp|ipsec|vpn|tailscale|zt|zerotier|ham|nord|proton|wireguard|anyconnect",
    re.IGNORECASE,
)
_WIRELESS = re.compile(r"wl|wi-?fi|ath|wireless", re.IGNORECASE)
_TUNNELS = IPv4Network("100.64.0.0/10")  # RFC 6598; Tailscale's
_OUTSIDE = ("198.51.100.1", 9)  # TEST-NET-2 (RFC 5737): nobody has it, and nothing is sent to it
_NAME = re.compile(r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*")


@dataclass(frozen=True, slots=True)
class Found:
    """An address of this machine.

    Attributes:
        interface: What the system calls the network card.
        address: IPv4.
    """

    interface: str
    address: str


def lan() -> tuple[str, ...]:
    """Return the IPv4 addresses at which other machines reach this one, the likeliest first; none without a network."""
    up = {name for name, state in psutil.net_if_stats().items() if state.isup}
    found = [
        Found(name, each.address)
        for name, addresses in psutil.net_if_addrs().items()
        for each in addresses
        if each.family == socket.AF_INET and name in up
    ]
    return ranked(found, _default())


def ranked(found: Iterable[Found], default: str | None) -> tuple[str, ...]:
    """Return addresses in the order in which a phone in the room is likely to reach them.

    Args:
        found: All of this machine's.
        default: The one that this machine would ask the internet from, if it has any.
    """

    def rank(one: Found) -> tuple[bool, bool, bool, bool]:
        address = IPv4Address(one.address)
        return (
            address.is_link_local,  # nobody gave it an address
            _VIRTUAL.match(one.interface) is not None or address in _TUNNELS,
            one.address != default,
            _WIRELESS.match(one.interface) is None,
        )

    usable = [one for one in found if not IPv4Address(one.address).is_loopback]
    return tuple(dict.fromkeys(one.address for one in sorted(usable, key=rank)))


def names() -> tuple[str, ...]:
    """Return this machine's names, as phones may ask for it; none that is no name on a network."""
    machine = socket.gethostname().lower().removesuffix(".local").rstrip(".")
    return tuple(name for name in (machine, f"{machine}.local") if machine != "localhost" and _NAME.fullmatch(name))


def _default() -> str | None:
    """Return the address that packets to elsewhere would leave from: to connect UDP sends none."""
    with suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as unsent:
        unsent.connect(_OUTSIDE)
        return str(unsent.getsockname()[0])
    return None
