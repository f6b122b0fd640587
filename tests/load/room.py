"""A room of thirty phones, two of them in a real Chromium: they join, send photos, guess, see the answers, collect for
two classes, and ask the model that is made of that. Two rooms at once, of which neither sees the other; what it costs,
and what is left afterwards.
"""

import asyncio
import json
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.benchmarks.measuring import Figure
from tests.load.browser import chromium
from tests.load.machine import cpu_s, load, megabytes, serving
from tests.load.options import DEFAULTS, Options
from tests.load.wire import Answered, NotAnsweredError, Wire
from tests.support.server import Server

if TYPE_CHECKING:
    from playwright.async_api import Page

IDLE_S = 15.0
CLASSES = ("warm", "cold")
SHOTS = 2  # of each phone for each class
BROWSERS = 2


@dataclass
class Phone:
    """A phone, or the teacher's browser.

    Attributes:
        wire: Its connection.
        place: What its addresses begin with.
        news: A second connection, on which it waits for news.
    """

    wire: Wire
    place: str
    news: Wire
    version: str = ""
    answers: str = ""

    async def ask(self, method: str, path: str, told: object = None) -> dict[str, Any]:
        """Return the JSON that is answered to some JSON, or to a photo."""
        body = told if isinstance(told, bytes) else b"" if told is None else json.dumps(told).encode()
        address = path if path.startswith("/") else f"{self.place}/{path}".rstrip("/")
        self.news.cookies |= self.wire.cookies
        found: Answered = await self.wire.ask(method, address, body)
        return dict(json.loads(found.body)) if found.body else {}

    async def wait(self) -> dict[str, Any]:
        """Return the next state, as a phone waits for it."""
        self.news.cookies |= self.wire.cookies
        query = f"state?since={self.version}&answers={self.answers}"
        told = dict(json.loads((await self.news.ask("GET", f"{self.place}/{query}")).body))
        self.version, self.answers = str(told["version"]), str(told.get("answers", ""))
        return told

    async def until(self, phase: str) -> tuple[dict[str, Any], float]:
        """Return the first state of a phase, and when it came."""
        while (told := await self.wait())["phase"] != phase:
            pass
        return told, time.monotonic()


@dataclass
class Class:
    """A room that is open, and who is in it."""

    teacher: Phone
    phones: list[Phone] = field(default_factory=list)


def measure(shared: Path, options: Options = DEFAULTS) -> list[Figure]:
    """Measure, with the photos in `shared`."""
    folder = shared / "photos" / "imagenet-sample"
    photos = [path.read_bytes() for path in sorted(folder.glob("*.JPEG"))]
    with serving() as server:
        return asyncio.run(met(server, photos, options))


async def met(
    server: Server, photos: Sequence[bytes], options: Options, idle_s: float = IDLE_S, browsers: int = BROWSERS
) -> list[Figure]:
    """Hold a class, and another one beside it; for so many seconds nothing happens in it."""
    async with AsyncExitStack() as stack:
        first, second = [await opened(server, stack) for _ in range(2)]
        await joined(server, stack, first, 1)  # what the first of all costs stays: the model, the page
        await first.phones[0].ask("POST", "photos?name=a.jpg", photos[0])
        before = await _settled(server)
        await joined(server, stack, first, options.visitors - browsers - 1)
        pages = await _pages(server, stack, first, browsers)
        await joined(server, stack, second, 2)
        idle = await _idle(server, first, idle_s)
        held = megabytes(server) - before
        number = int((await second.phones[0].ask("POST", "photos?name=b.jpg", photos[0]))["photo"])
        await _is_refused(first.phones[0], f"{second.phones[0].place}/photos/{number}.jpg")
        reveal = await _played(first, photos, pages)
        told_s, right = await _trained(first, photos)
        left = [(await each.teacher.ask("DELETE", "", {}))["left"] for each in (first, second)]
        await asyncio.sleep(1)
        many = f"{options.visitors} phones in a room"
        return [
            Figure(f"{many}: what they take while idle", held, "MB", at_most=60, detail=load()),
            Figure("the same: share of one core", idle, "", at_most=0.1),
            Figure("the same: from the last photo to the answers on the last phone", reveal, "s", at_most=2.0),
            Figure("the same: from “Make the model” to the last phone that has it", told_s, "s", at_most=10.0),
            Figure("the same: answers of the new model that are right", right, "", at_least=0.8),
            Figure("the same: what is left after the end", sum(sum(each.values()) for each in left), "", at_most=0),
            Figure("the same: what the server grew", megabytes(server) - before, "MB", at_most=150, detail=load()),
        ]


async def opened(server: Server, stack: AsyncExitStack) -> Class:
    """Open a room."""
    teacher = await _phone(server, stack, "")
    told = await teacher.ask("POST", "/rooms", {})
    teacher.place = f"/rooms/{told['id']}"
    return Class(teacher, [])


async def joined(server: Server, stack: AsyncExitStack, room: Class, count: int) -> None:
    """Let so many phones more join a room, all at once."""
    code = str((await room.teacher.ask("GET", "state"))["code"]).replace(" ", "")
    phones = [await _phone(server, stack, f"/r/{code}") for _ in range(count)]
    await asyncio.gather(*(phone.wire.ask("GET", phone.place) for phone in phones))  # the page
    await asyncio.gather(*(phone.ask("POST", "join", {"name": "Mina"}) for phone in phones))
    room.phones += phones


async def _phone(server: Server, stack: AsyncExitStack, place: str) -> Phone:
    wires = [await stack.enter_async_context(Wire(server)) for _ in range(2)]
    return Phone(wires[0], place, wires[1])


async def _settled(server: Server) -> float:
    """Return what the server holds once it has loaded what it loads at its start."""
    held = [megabytes(server)]
    while len(held) < 4 or held[-1] - held[-4] > 1:
        await asyncio.sleep(1)
        held.append(megabytes(server))
    return held[-1]


async def _idle(server: Server, room: Class, seconds: float) -> float:
    """Return which share of a core the server takes while everybody waits for news."""
    waiting = [asyncio.create_task(_listen(phone)) for phone in (*room.phones, room.teacher)]
    await asyncio.sleep(2)
    cpu, began = cpu_s(server), time.monotonic()
    await asyncio.sleep(seconds)
    share = (cpu_s(server) - cpu) / (time.monotonic() - began)
    await room.teacher.ask("PATCH", "", {"score": True})  # wakes all
    await asyncio.gather(*waiting)
    return share


async def _listen(phone: Phone) -> None:
    """Wait for news as long as there are none: a phone asks again after 20 seconds."""
    before = phone.version = str((await phone.ask("GET", "state"))["version"])
    while (await phone.wait())["version"] == before:
        pass


async def _pages(server: Server, stack: AsyncExitStack, room: Class, count: int) -> "list[Page]":
    """Let so many join in a real browser."""
    if not count:
        return []
    chromium_ = await stack.enter_async_context(chromium())
    code = str((await room.teacher.ask("GET", "state"))["code"]).replace(" ", "")
    pages = []
    for number in range(count):
        context = await chromium_.new_context(locale="en-US", viewport={"width": 375, "height": 667})
        page = await context.new_page()
        await page.goto(f"{server.url}/r/{code}")
        await page.locator("#name").fill(f"Kai {number}")
        await page.locator("#name").press("Enter")
        await page.locator(".tabs").wait_for()
        pages.append(page)
    return pages


async def _played(room: Class, photos: Sequence[bytes], pages: "Sequence[Page]") -> float:
    """Let everybody send a photo and guess, and show the answers; return how long the last phone waited for them."""
    sends = (
        phone.ask("POST", f"photos?name={number}.jpg", photos[number % len(photos)])
        for number, phone in enumerate(room.phones)
    )
    await asyncio.gather(*sends)
    await asyncio.gather(*map(_guess, room.phones))
    shown = [asyncio.create_task(phone.until("shown")) for phone in room.phones]
    await asyncio.sleep(0.5)
    last = await room.phones[0].ask("POST", "photos?name=last.jpg", photos[-1])
    began = time.monotonic()
    assert last["photo"]
    await room.teacher.ask("PATCH", "", {"phase": "shown"})
    seen = [asyncio.create_task(_seen(page)) for page in pages]
    told = await asyncio.gather(*shown)
    for state, _ in told:
        assert len(state["shown"]) >= len(room.phones)
        assert all("data-verdict" in one["answer"] for one in state["shown"])
    return max([at_s for _, at_s in told] + await asyncio.gather(*seen)) - began


async def _seen(page: "Page") -> float:
    """Return when a page shows an answer."""
    await page.locator("#shown [data-verdict]").first.wait_for()
    return time.monotonic()


async def _guess(phone: Phone) -> None:
    for one in (await phone.ask("GET", "state"))["guess"][:5]:
        await phone.ask("POST", "guess", {"photo": one["photo"], "guess": one["options"][0]["id"]})


async def _trained(room: Class, photos: Sequence[bytes]) -> tuple[float, float]:
    """Let everybody collect for two classes, make the model, and ask it from every phone.

    Returns:
        How long the last phone waited for the model, and which share of its answers were right.
    """
    kinds = photos[: len(photos) // 2], photos[len(photos) // 2 :]
    told = await room.teacher.ask("POST", "collect", {"classes": CLASSES})
    places = [one["id"] for one in told["collect"]["classes"]]

    async def collect(number: int, phone: Phone) -> None:
        for place, own in zip(places, kinds, strict=True):
            for shot in range(SHOTS):
                photo = own[(number * SHOTS + shot) % len(own)]
                await phone.ask("POST", f"classes/{place}?name={number}-{shot}.jpg", photo)

    await asyncio.gather(*(collect(number, phone) for number, phone in enumerate(room.phones)))
    waiting = [asyncio.create_task(phone.until("photos")) for phone in room.phones]
    began = time.monotonic()
    await room.teacher.ask("POST", "model", {"name": "warm or cold"})
    ready = await asyncio.gather(*waiting)
    assert {state["model"]["name"] for state, _ in ready} == {"warm or cold"}
    answers = await asyncio.gather(
        *(phone.ask("POST", "look", kinds[n % 2][n % len(kinds[n % 2])]) for n, phone in enumerate(room.phones))
    )
    right = [
        answer["answer"].partition('scope="row" title="')[2].startswith(CLASSES[n % 2])
        for n, answer in enumerate(answers)
    ]
    return max(at_s for _, at_s in ready) - began, sum(right) / len(right)


async def _is_refused(phone: Phone, address: str) -> None:
    """See to it that a phone is not shown another room's photo."""
    try:
        await phone.wire.ask("GET", address)
    except NotAnsweredError as error:
        assert "403" in str(error)  # noqa: PT017 - a load, no test
    else:
        raise AssertionError("a phone was shown another room's photo")
