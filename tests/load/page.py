"""An open page as the server sees it: Streamlit's WebSocket, and photos posted as the page's script posts them."""

import asyncio
import contextlib
import itertools
import json
import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg

from tests.load.wire import Answered, Wire
from tests.support.server import Server

AT_ONCE = 3  # posts of one page, as lib/ui/web/stage.js has it
_VISIT = re.compile(rb'"visit": ?"([\w-]{32})"')


@dataclass(frozen=True, slots=True)
class Page:
    """A page that is open.

    Attributes:
        server: Where.
        visit: The visit's id.
        model: That is asked.
    """

    server: Server
    visit: str
    model: str

    async def bring(self, photos: Sequence[tuple[str, bytes]]) -> list[Answered]:
        """Post photos, each with its name, a few at once; return the answers in the order in which they came."""
        asked = [
            (f"/visits/{self.visit}/photos?name={quote(name)}&order={order}&model={self.model}", data)
            for order, (name, data) in enumerate(photos)
        ]
        rest = iter(asked)
        some = await asyncio.gather(*(self._send(rest) for _ in range(min(AT_ONCE, len(asked)))))
        return sorted(itertools.chain(*some), key=lambda answer: answer.at_s)

    async def _send(self, rest: Any) -> list[Answered]:
        async with Wire(self.server) as wire:
            return [await wire.ask("POST", address, body) for address, body in rest]

    async def results(self) -> list[dict[str, Any]]:
        """Return what the page would save as lines of JSON."""
        async with Wire(self.server) as wire:
            lines = (await wire.ask("GET", f"/visits/{self.visit}/results.jsonl?model={self.model}")).body
        return [json.loads(line) for line in lines.splitlines()]

    async def clear(self) -> None:
        """Remove all photos."""
        async with Wire(self.server) as wire:
            await wire.ask("DELETE", f"/visits/{self.visit}/photos")


@contextlib.asynccontextmanager
async def opened(server: Server, model: str) -> AsyncIterator[Page]:
    """Open a page that stays open meanwhile."""
    address = f"{server.url.replace('http', 'ws')}/_stcore/stream"
    async with websockets.connect(
        address, subprotocols=["streamlit"], origin=server.url, max_size=None, proxy=None
    ) as socket:
        await socket.send(BackMsg(rerun_script={}).SerializeToString())
        while not (found := _VISIT.search(await asyncio.wait_for(socket.recv(), 60))):
            pass
        yield Page(server, found[1].decode(), model)


async def warmed(server: Server, model: str, photo: bytes) -> None:
    """See to it that the model is loaded, as it is when somebody has used the app before."""
    async with opened(server, model) as page:
        await page.bring([("first.jpg", photo)])
        await page.clear()
    await asyncio.sleep(1)
