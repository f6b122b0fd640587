"""The server under load, what it takes, and what the machine is busy with."""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.support.server import Server, start_server


@contextlib.contextmanager
def serving(home: Path | None = None, **environment: str) -> Iterator[Server]:
    """Start the app in a process of its own, with an empty data folder unless told; end it afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        server = start_server(home or Path(folder), log=Path(folder) / "log", **environment)
        try:
            yield server
        finally:
            server.process.kill()
            server.process.wait(20)


def cpu_s(server: Server) -> float:
    """Return the processor time that the server has taken (Linux: proc(5), fields 14 and 15)."""
    fields = Path(f"/proc/{server.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def megabytes(server: Server) -> float:
    """Return the server's resident set in MB of 2**20 bytes (Linux: VmRSS)."""
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


def load() -> dict[str, float]:
    """Return how busy the machine is, to stand beside a figure."""
    return {"load average": round(os.getloadavg()[0], 1)}
