"""A class: thirty visitors who each bring twenty photos in the same second, and what it costs the server.

Each has a page open and posts as a browser does, six at once. The server runs in a process of its own; who asks shares
its cores. Two waves; the photos of the first are removed before the second, as visitors do.
"""

import asyncio
import itertools
import os
import re
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg

from tests.benchmarks.measuring import Figure
from tests.support.server import Server, start_server

VISITORS, PHOTOS, AT_ONCE, WAVES = 30, 20, 6, 2
MODEL = "starter"
_VISIT = re.compile(rb'"visit": ?"([\w-]{32})"')


def measure(shared: Path) -> list[Figure]:
    """Measure, with the photos in `shared`."""
    paths = sorted((shared / "photos" / "imagenet-sample").glob("*.JPEG"))
    with tempfile.TemporaryDirectory() as folder:
        server = start_server(Path(folder))
        try:
            return asyncio.run(_measure(server, [path.read_bytes() for path in paths]))
        finally:
            server.process.terminate()
            server.process.wait(20)


async def _measure(server: Server, photos: Sequence[bytes]) -> list[Figure]:
    async with AsyncExitStack() as pages:
        visits = [await _open(server, pages) for _ in range(VISITORS)]
        await _ask(server, [f"/visits/{visits[0]}/photos?model={MODEL}"], [photos[0]])  # the model is loaded
        await _forget(server, visits[:1])
        await asyncio.sleep(1)
        megabytes = [_megabytes(server)]
        waves = []
        for _ in range(WAVES):
            cpu, start = _cpu_s(server), time.monotonic()
            ends = await asyncio.gather(*(_visitor(server, n, visit, photos) for n, visit in enumerate(visits)))
            waves.append(([each[0] - start for each in ends], max(map(max, ends)) - start, _cpu_s(server) - cpu))
            megabytes.append(_megabytes(server))
            await asyncio.sleep(1)
            await _forget(server, visits)
    first = [statistics.quantiles(wave[0], n=20)[-1] for wave in waves]
    load = {"load average": os.getloadavg()[0]} if hasattr(os, "getloadavg") else {}
    many = f"{VISITORS} visitors with {PHOTOS} photos each"
    return [
        Figure(f"{many}: first answer, p95", max(first), "s", at_most=3.0, detail=_each("s", first) | load),
        Figure(
            "the same: all answers",
            max(wave[1] for wave in waves),
            "s",
            at_most=8.0,
            detail=_each("s", [wave[1] for wave in waves]),
        ),
        Figure(
            "the same: processor time of the server",
            max(wave[2] for wave in waves),
            "s",
            at_most=8.0,
            detail=_each("s", [wave[2] for wave in waves]),
        ),
        Figure(
            "the same: what the server grew",
            megabytes[-1] - megabytes[0],
            "MB",
            at_most=150.0,
            detail={"before, MB": round(megabytes[0]), **_each("MB", megabytes[1:])},
        ),
    ]


def _each(unit: str, values: Sequence[float]) -> dict[str, float]:
    return {f"wave {number}, {unit}": round(value, 2) for number, value in enumerate(values, 1)}


async def _open(server: Server, pages: AsyncExitStack) -> str:
    """Open a page that stays open, and return its visit."""
    address = f"{server.url.replace('http', 'ws')}/_stcore/stream"
    page = await pages.enter_async_context(
        websockets.connect(address, subprotocols=["streamlit"], origin=server.url, max_size=None, proxy=None)
    )
    await page.send(BackMsg(rerun_script={}).SerializeToString())
    while not (found := _VISIT.search(await asyncio.wait_for(page.recv(), 60))):
        pass
    return found[1].decode()


async def _visitor(server: Server, number: int, visit: str, photos: Sequence[bytes]) -> list[float]:
    """Bring photos, and return when each was answered, in the order of the answers."""
    mine = list(itertools.islice(itertools.cycle(photos), number * 7, number * 7 + PHOTOS))
    asked = [f"/visits/{visit}/photos?name={n}.jpg&order={n}&model={MODEL}" for n in range(PHOTOS)]
    rest = iter(list(zip(asked, mine, strict=True)))
    ends = await asyncio.gather(*(_sender(server, rest) for _ in range(AT_ONCE)))
    return sorted(itertools.chain(*ends))


async def _sender(server: Server, rest: "Iterator[tuple[str, bytes]]") -> list[float]:
    return await _send(server, (("POST", address, body) for address, body in rest))


async def _ask(server: Server, addresses: Sequence[str], bodies: Sequence[bytes]) -> None:
    await _send(server, (("POST", address, body) for address, body in zip(addresses, bodies, strict=True)))


async def _forget(server: Server, visits: Sequence[str]) -> None:
    await _send(server, (("DELETE", f"/visits/{visit}/photos", b"") for visit in visits))


async def _send(server: Server, requests: "Iterator[tuple[str, str, bytes]]") -> list[float]:
    """Send requests one after another over one connection, and return when each was answered."""
    host = server.url.removeprefix("http://")
    reader, writer = await asyncio.open_connection(*host.split(":"))
    ends = []
    for method, address, body in requests:
        writer.write(f"{method} {address} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {len(body)}\r\n\r\n".encode())
        writer.write(body)
        head = await reader.readuntil(b"\r\n\r\n")
        assert head[9:12] in (b"200", b"204"), head
        if size := re.search(rb"(?i)content-length: (\d+)", head):
            await reader.readexactly(int(size[1]))
        ends.append(time.monotonic())
    writer.close()
    return ends


def _cpu_s(server: Server) -> float:
    """Return the processor time that the server has taken (Linux: proc(5), fields 14 and 15)."""
    fields = Path(f"/proc/{server.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _megabytes(server: Server) -> float:
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024
