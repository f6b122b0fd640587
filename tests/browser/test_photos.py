"""Where photos go: each line of the page is done at a real server, and what it says is looked for on the disk.

`tests/server/test_promises.py` sees to it that every line has a test here or there.
"""

import base64
import io
import json
import os
import re
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest
from PIL import ExifTags, Image
from playwright.sync_api import APIRequestContext, Browser, FilePayload, Page, Request, expect

from lib.photos.samples import find_samples
from lib.server import previews
from lib.server.promises import PARTS
from tests.embed import packages
from tests.support.axe import unusable
from tests.support.pictures import encode
from tests.support.server import UNCHECKED, Server, free_port, start_class, start_server
from tests.support.train_page import WAIT_MS, add, counts, photos, with_two_classes

pytestmark = pytest.mark.browser
NAME = "a name that nobody else has.jpg"


def marked(mark: str) -> bytes:
    """Return a photo of a cat whose file says what it is."""
    cat = next(sample.path for sample in find_samples() if sample.name == "chelsea.png")
    made = io.BytesIO()
    Image.open(cat).convert("RGB").resize((320, 240)).save(made, "JPEG", comment=mark.encode())
    return made.getvalue()


MARK = "this photo is mine"
PHOTO = marked(MARK)


@dataclass
class Disk:
    """What a server writes: its data folder, the folder of temporary files, and that of previews."""

    home: Path
    temporary: Path

    def files(self) -> set[Path]:
        """Return all files that are there, but for those of no visitor: models' own, locks, and what a log says."""
        found: set[Path] = set()
        for folder in (self.home, self.temporary, previews.FOLDER):
            found |= {Path(at) / name for at, _, names in os.walk(folder) for name in names}
        return {path for path in found if path.suffix != ".lock" and path.name != "log"}

    def holding(self, mark: bytes) -> list[Path]:
        """Return the files that hold some bytes."""
        return [path for path in self.files() if mark in path.read_bytes()]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("home")
    packages.put_scripts(home)
    return home


@pytest.fixture(scope="module")
def disk(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Disk:
    return Disk(home, tmp_path_factory.mktemp("temporary"))


@pytest.fixture(scope="module")
def server(home: Path, disk: Disk) -> Iterator[Server]:
    """Serve the app, which writes a line about each request."""
    running = start_server(home, log=home / "log", TMPDIR=str(disk.temporary), DISCERN_LOG="json")
    yield running
    running.process.terminate()
    running.process.wait(20)


@pytest.fixture
def sent(page: Page, server: Server) -> Iterator[list[Request]]:
    """Return what the page sends; the server itself must be connected to nobody but this machine."""
    requests: list[Request] = []
    page.on("request", lambda request: requests.append(request))
    yield requests
    processes = [psutil.Process(server.process.pid), *psutil.Process(server.process.pid).children(recursive=True)]
    others = [one.raddr.ip for process in processes for one in process.net_connections() if one.raddr]
    assert {ip.removeprefix("::ffff:") for ip in others} <= {"127.0.0.1", "::1"}


def bodies(requests: list[Request]) -> list[Request]:
    """Return those that bring something to the server."""
    return [request for request in requests if request.method not in ("GET", "HEAD")]


def answered(page: Page, server: Server, query: str = "") -> None:
    """Open Classify and have a sample answered: the model is there then, and has written what it writes."""
    page.goto(f"{server.url}/{query}")
    page.locator(".hero .strip button").first.click(timeout=WAIT_MS)
    expect(page.locator(".stage [data-verdict]")).to_be_visible(timeout=30_000)


def is_served(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=5, context=UNCHECKED) as answer:
            return bool(answer.status == 200)
    except urllib.error.HTTPError:
        return False


def until(holds: Callable[[], object], seconds: float = 20, page: Page | None = None) -> None:
    """Wait; what a page tells meanwhile is heard only if it is named."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.1) if page is None else page.wait_for_timeout(100)


def visit_of(page: Page) -> str:
    return str(page.evaluate("sessionStorage.getItem('discern-visit')"))


def test_the_page_says_every_line_and_is_reached_from_where_photos_are_given(page: Page, server: Server) -> None:
    page.goto(server.url)
    page.locator("[data-facts] + a").click(timeout=WAIT_MS)
    expect(page.get_by_role("heading", name="Where do my photos go?", level=1)).to_be_visible(timeout=WAIT_MS)
    assert page.url == f"{server.url}/photos"
    every = [promise.id for part in PARTS for promise in part.promises]
    assert page.locator(".promises section").evaluate_all("all => all.map(({ id }) => id)") == every
    expect(page.locator("#photo")).to_contain_text("30 minutes")
    expect(page.locator("#photo")).to_contain_text("64 MB")
    expect(page.locator("#train")).to_contain_text("30 days")
    page.get_by_role("link", name="Train", exact=True).click()
    page.locator(".keeps a").click(timeout=WAIT_MS)
    expect(page.locator(".promises")).to_be_visible(timeout=WAIT_MS)
    page.goto(f"{server.url}/models?lang=ko")
    page.locator("#head .quiet").click()
    expect(page.get_by_role("heading", name="내 사진은 어디로 가나요?")).to_be_visible(timeout=WAIT_MS)
    assert page.url == f"{server.url}/photos?lang=ko"


@pytest.mark.parametrize("language", ["en", "ko", "ja"])
@pytest.mark.parametrize("width", [375, 1280])
def test_everybody_can_read_it(page: Page, server: Server, axe: str, width: int, language: str) -> None:
    page.set_viewport_size({"width": width, "height": 812})
    page.goto(f"{server.url}/photos?lang={language}")
    expect(page.locator(".promises section").last).to_be_attached(timeout=WAIT_MS)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    brand, tongues = (page.locator(f"#head .{part}").bounding_box() for part in ("brand", "tongues"))
    assert brand is not None
    assert tongues is not None
    assert tongues["y"] < brand["y"] + brand["height"], "the header has one line more"
    found = unusable(page, axe)
    assert not found, "\n".join(found)


def test_promise_photo(page: Page, server: Server, disk: Disk, sent: list[Request]) -> None:
    answered(page, server)
    before = disk.files()
    sent.clear()
    page.set_input_files("input[type=file] >> nth=0", {"name": NAME, "mimeType": "image/jpeg", "buffer": PHOTO})
    expect(page.locator(".file summary")).to_have_text(NAME, timeout=WAIT_MS)
    pasted = base64.b64encode(marked("pasted, and mine")).decode()
    page.evaluate(
        """(data) => {
          const bytes = Uint8Array.from(atob(data), (sign) => sign.charCodeAt(0)), files = new DataTransfer();
          files.items.add(new File([bytes], "pasted.jpg", { type: "image/jpeg" }));
          document.dispatchEvent(new ClipboardEvent("paste", { clipboardData: files, bubbles: true }));
          const dropped = new DataTransfer();
          dropped.items.add(new File([bytes], "dropped.jpg", { type: "image/jpeg" }));
          const how = { dataTransfer: dropped, bubbles: true, cancelable: true };
          for (const kind of ["dragover", "drop"]) document.body.dispatchEvent(new DragEvent(kind, how));
        }""",
        pasted,
    )
    expect(page.locator(".sheet li")).to_have_count(4, timeout=WAIT_MS)
    visit = visit_of(page)
    assert {request.url.partition("?")[0] for request in bodies(sent)} == {f"{server.url}/visits/{visit}/photos"}
    assert disk.files() == before
    picture = f"{server.url}/visits/{visit}/photos/2.jpg"
    assert is_served(picture)
    assert not is_served(picture.replace(visit, "x" * len(visit)))
    page.get_by_role("button", name="Remove all").click()
    expect(page.locator(".hero [data-do=choose]")).to_be_visible()
    until(lambda: not is_served(picture), page=page)  # till then it can be undone


def test_promise_sample(page: Page, server: Server, disk: Disk, sent: list[Request]) -> None:
    answered(page, server)
    before = disk.files()
    sent.clear()
    page.locator(".intake [data-name=samples] summary").click()
    page.locator(".intake .strip button").last.click()
    expect(page.locator(".sheet li")).to_have_count(2, timeout=WAIT_MS)
    (asked,) = bodies(sent)
    assert not asked.post_data_buffer
    assert "sample=" in asked.url
    assert disk.files() == before


def test_promise_camera(page: Page, server: Server, disk: Disk, sent: list[Request]) -> None:
    answered(page, server)
    before = disk.files()
    page.locator(".intake [data-do=camera]").click()
    page.wait_for_timeout(1500)
    sent.clear()
    page.get_by_role("button", name="Take a photo").click()
    page.get_by_role("button", name="Close").click()
    expect(page.locator(".file summary")).to_have_text("camera-1.jpg", timeout=WAIT_MS)
    photo = [request for request in bodies(sent) if "/photos?" in request.url]
    assert len(photo) == 1
    assert not (disk.files() - before - shared(disk))


def shared(disk: Disk) -> set[Path]:
    """Return what browsers fetch to look by themselves: the code, the engine and the model."""
    return {path for path in disk.files() if path.is_relative_to(previews.FOLDER)}


def test_promise_live_device(page: Page, server: Server, disk: Disk, sent: list[Request]) -> None:
    answered(page, server, "?model=starter")
    before = disk.files()
    page.locator(".intake [data-do=camera]").click()
    live = page.locator(".shots .looks >> nth=0")
    expect(live).to_have_attribute("data-live", "device", timeout=60_000)
    expect(live.locator("[data-bars]")).to_be_visible(timeout=30_000)
    sent.clear()
    page.wait_for_timeout(2000)
    assert int(live.get_attribute("data-answers") or 0) > 3
    assert sent == []
    written = disk.files() - before
    assert written <= shared(disk)
    assert {path.suffix for path in written} <= {".js", ".json", ".wasm", ".tflite"}


def test_promise_live_server(page: Page, server: Server, disk: Disk, sent: list[Request]) -> None:
    page.route(
        "**/live?*", lambda route: route.fulfill(status=404, json={"code": "scripts-missing", "detail": "None."})
    )
    answered(page, server)
    before = disk.files()
    page.locator(".intake [data-do=camera]").click()
    expect(page.locator(".shots .looks >> nth=0")).to_have_attribute("data-live", "server", timeout=60_000)
    expect(page.locator(".shots .by").first).to_contain_text("It keeps no picture")
    sent.clear()
    page.wait_for_timeout(1500)
    visit = visit_of(page)
    assert {request.url.partition("?")[0] for request in bodies(sent)} == {f"{server.url}/visits/{visit}/camera"}
    page.get_by_role("button", name="Close").click()
    expect(page.locator(".sheet li")).to_have_count(1)  # the sample
    assert not is_served(f"{server.url}/visits/{visit}/photos/2.jpg")
    assert disk.files() == before


def test_promise_where(page: Page, server: Server, disk: Disk, sent: list[Request]) -> None:
    answered(page, server)
    before = disk.files()
    sent.clear()
    page.locator(".stage-bar, .stage").locator("[data-do=where]").first.click()
    expect(page.locator("[data-do=where]").first).to_have_attribute("aria-pressed", "true")
    until(lambda: any("/where" in request.url for request in sent), page=page)
    page.wait_for_timeout(1000)
    assert not [request for request in sent if request.post_data_buffer]
    assert disk.files() == before


def test_promise_compare(page: Page, server: Server, disk: Disk, sent: list[Request]) -> None:
    answered(page, server)
    before, packed = disk.files(), io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for number in range(4):
            archive.writestr(f"cat/{number}.jpg", marked(f"{MARK} {number}"))
    page.goto(f"{server.url}/compare?models=starter-scratch,starter-small&show=labelled")
    file: FilePayload = {"name": "mine.zip", "mimeType": "application/zip", "buffer": packed.getvalue()}
    page.set_input_files("[class*='st-key-zip-'] input", file, timeout=WAIT_MS)
    page.get_by_role("button", name="Evaluate with").click(timeout=WAIT_MS)
    expect(page.locator("h2.headline")).to_be_visible(timeout=60_000)
    assert all(request.url.startswith(server.url) for request in bodies(sent))
    assert disk.holding(MARK.encode()) == []
    assert {path for path in disk.files() - before if path.suffix in (".zip", ".jpg", ".png")} == set()


def project_of(page: Page, disk: Disk) -> Path:
    (known, *_) = json.loads(page.evaluate("localStorage.getItem('discern-projects')"))
    return disk.home / "projects" / str(known["id"])


def test_promise_train_and_model_and_delete_and_browser(page: Page, server: Server, disk: Disk) -> None:
    before = set((disk.home / "models").glob("*"))
    with_two_classes(page, server)
    add(page, 0, [{"name": NAME, "mimeType": "image/jpeg", "buffer": PHOTO}])
    counts(page, "7 photos", "6 photos")
    folder = project_of(page, disk)
    (found,) = disk.holding(MARK.encode())
    assert found.parent == folder / "photos"
    assert found.read_bytes() == PHOTO
    assert (folder.stat().st_mode & 0o777, folder.parent.stat().st_mode & 0o777) == (0o700, 0o700)
    # The model: numbers and names, no photo.
    page.get_by_role("button", name="Make the model").click(timeout=WAIT_MS)
    expect(page.get_by_role("button", name="Try it in Classify")).to_be_visible(timeout=60_000)
    (model,) = {*(disk.home / "models").glob("*")} - before
    assert {path.suffix for path in model.rglob("*") if path.is_file()} <= {
        ".tflite", ".txt", ".npy", ".npz", ".json", ".md", ".toml"
    }  # fmt: skip
    assert (model / "labels.txt").read_text() == "lying\nstanding\n"
    assert disk.holding(MARK.encode()) == [found]
    # What the browser keeps.
    kept = page.evaluate("[...Object.keys(localStorage), ...Object.keys(sessionStorage)]")
    assert {name for name in kept if not name.startswith("st")} == {"discern-projects", "discern-visit"}
    page.locator(".st-key-delete").get_by_role("button").click()
    page.get_by_role("button", name="Delete all").click()
    receipt = page.get_by_role("table", name="What is left")
    expect(receipt.get_by_role("cell")).to_have_text(["0", "0", "0", "0"], timeout=WAIT_MS)
    assert not folder.exists()
    assert not model.exists()
    assert disk.holding(MARK.encode()) == []
    assert json.loads(page.evaluate("localStorage.getItem('discern-projects')"))[0]["id"] == ""


def test_promise_numbers(page: Page, server: Server, disk: Disk, sent: list[Request]) -> None:
    with_two_classes(page, server)
    folder = project_of(page, disk)
    expect(page.locator("#train [data-accuracy]")).to_be_visible(timeout=WAIT_MS)
    page.get_by_role("button", name="Keep numbers only").click()
    dialog = page.get_by_role("dialog", name="Delete the photos?")
    expect(dialog).to_contain_text("Photos that are deleted for good: 12.")
    dialog.get_by_role("button", name="Delete the photos").click()
    until(lambda: not list((folder / "photos").iterdir()))
    expect(page.locator(".keeps .soft")).to_have_text(
        "Only numbers are kept: each photo is deleted as soon as they are made from it.", timeout=WAIT_MS
    )
    expect(page.locator("[data-do=keep]")).to_be_hidden()
    # What stands in the photos' place, and what goes on.
    shown = page.locator(".th8 img").first
    expect(shown).to_have_attribute("src", re.compile(r"/photos/\d+\.png$"), timeout=WAIT_MS)
    expect(shown).to_have_js_property("naturalWidth", 36)
    photo = str(shown.get_attribute("src")).removesuffix(".png")
    assert is_served(f"{server.url}{photo}.png")
    assert not is_served(f"{server.url}{photo}.jpg?side=96")
    sent.clear()
    add(page, 0, [{"name": NAME, "mimeType": "image/jpeg", "buffer": PHOTO}, *photos(0, 1, 90)])
    counts(page, "8 photos", "6 photos")
    until(lambda: not list((folder / "photos").iterdir()))
    assert disk.holding(MARK.encode()) == []
    assert not [request.url for request in sent if ".jpg?side" in request.url]
    expect(page.locator("#train .res .fig")).to_be_visible(timeout=WAIT_MS)
    page.get_by_text("How it looks at your photos").click()
    expect(page.get_by_label("Which network it borrows its eyes from")).to_be_disabled()
    page.get_by_text("From scratch", exact=True).first.click()
    expect(page.get_by_text("To learn from nothing needs the photos.")).to_be_visible(timeout=WAIT_MS)
    page.get_by_role("button", name="Make the model").click()
    expect(page.get_by_role("button", name="Try it in Classify")).to_be_visible(timeout=60_000)
    page.get_by_role("button", name="Numbers that are kept: lying").click()
    boxes = page.get_by_role("dialog", name="lying").get_by_role("checkbox")
    expect(boxes).to_have_count(8)
    newest = {boxes.nth(place).get_attribute("aria-label") for place in range(2)}  # they came at once
    assert newest == {f"{name}: the numbers made of it" for name in (NAME, "0-90.jpg")}


def test_promise_train_live(page: Page, server: Server, disk: Disk, sent: list[Request]) -> None:
    with_two_classes(page, server)
    page.get_by_role("button", name="Start the camera").click()
    expect(page.locator("#train .pic")).to_have_attribute("data-live", "device", timeout=60_000)
    expect(page.locator("#train .answer .bars tbody tr").first).to_be_visible(timeout=WAIT_MS)
    page.wait_for_timeout(3000)  # the photos are all read by then
    before = disk.files()
    sent.clear()
    page.wait_for_timeout(1500)
    looked = [request for request in bodies(sent) if "/look" in request.url]
    assert looked
    assert {request.headers["content-type"] for request in looked} == {"application/x-seen"}
    assert all(len(request.post_data_buffer or b"") % 1280 == 0 for request in looked)  # float32 of 1280 means
    page.get_by_role("button", name="Stop the camera").click()
    sent.clear()
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Try a photo").click()
    chooser.value.set_files({"name": NAME, "mimeType": "image/jpeg", "buffer": PHOTO})
    until(lambda: [each for each in bodies(sent) if "/look" in each.url], page=page)
    page.wait_for_timeout(500)
    assert disk.files() - before == set()
    assert disk.holding(MARK.encode()) == []


def test_promise_code(page: Page, server: Server, disk: Disk, sent: list[Request]) -> None:
    answered(page, server)
    page.set_input_files("input[type=file] >> nth=0", {"name": NAME, "mimeType": "image/jpeg", "buffer": PHOTO})
    expect(page.locator(".file summary")).to_have_text(NAME, timeout=WAIT_MS)
    before = disk.files()
    sent.clear()
    page.get_by_role("link", name="Code", exact=True).click()
    frame = page.frame_locator("iframe[title='The generated code, running']")
    expect(frame.get_by_alt_text(NAME)).to_be_attached(timeout=60_000)
    expect(frame.get_by_role("status")).to_contain_text("cat", timeout=60_000)
    assert bodies(sent) == []
    assert disk.files() - before <= shared(disk)
    assert disk.holding(MARK.encode()) == []


def asked(server: Server, path: str, body: bytes, kind: str = "image/jpeg") -> bytes:
    request = urllib.request.Request(f"{server.url}{path}", body, {"Content-Type": kind}, method="POST")
    with urllib.request.urlopen(request, timeout=60) as answer:
        return bytes(answer.read())


def test_promise_api(page: Page, server: Server, disk: Disk) -> None:
    answered(page, server)
    asked(server, "/api/v1/classify?model=starter", PHOTO)
    before = disk.files()
    form = b'--x\r\nContent-Disposition: form-data; name="file"; filename="mine.jpg"\r\n\r\n' + PHOTO + b"\r\n--x--\r\n"
    assert b"mine.jpg" in asked(server, "/api/v1/classify?model=starter", form, "multipart/form-data; boundary=x")
    asked(server, "/api/v1/explain?model=starter", PHOTO)
    asked(server, "/api/v1/hf/starter", PHOTO)
    photo = {"name": "photos", "datatype": "BYTES", "shape": [1], "data": [base64.b64encode(PHOTO).decode()]}
    asked(server, "/v2/models/starter/infer", json.dumps({"inputs": [photo]}).encode(), "application/json")
    assert disk.files() == before
    assert disk.holding(MARK.encode()) == []


def test_promise_logs(page: Page, server: Server, disk: Disk) -> None:
    answered(page, server)
    page.set_input_files("input[type=file] >> nth=0", {"name": NAME, "mimeType": "image/jpeg", "buffer": PHOTO})
    expect(page.locator(".file summary")).to_have_text(NAME, timeout=WAIT_MS)
    asked(server, f"/api/v1/classify?model=starter&name={NAME.replace(' ', '%20')}", PHOTO)
    assert server.log is not None
    until(lambda: server.log is not None and "/api/v1/classify" in server.log.read_text("utf-8"))
    log = server.log.read_text("utf-8")
    with urllib.request.urlopen(f"{server.url}/metrics", timeout=5) as answer:
        counted = answer.read().decode()
    assert "discern_photos_total" in counted
    for secret in (NAME, "nobody else has", visit_of(page), MARK, "127.0.0.1:"):
        assert secret not in counted
        assert secret not in "".join(line for line in log.splitlines() if line.startswith("{"))
    for one in (disk.home / "projects").glob("*"):
        assert one.name not in log
        assert one.name not in counted


class Meeting:
    """A room at a real server: its teacher, and phones, each a browser of its own without a page."""

    def __init__(self, browser: Browser, server: Server) -> None:
        self._browser, self._server = browser, server
        self.teacher = browser.new_context(ignore_https_errors=True).request
        opened = self.teacher.post(f"{server.url}/rooms", data={})
        assert opened.status == 201, opened.text()
        self.own, self.wall = f"{server.url}/r/{opened.json()['code']}", f"{server.url}/rooms/{opened.json()['id']}"
        self.file = f"rooms/{opened.json()['id']}.json"

    def phone(self, name: str) -> APIRequestContext:
        """Return a phone that has joined."""
        found = self._browser.new_context(ignore_https_errors=True).request
        assert found.post(f"{self.own}/join", data={"name": name}).status == 201
        return found

    def send(self, phone: APIRequestContext, path: str, photo: bytes = PHOTO) -> dict[str, Any]:
        """Send a photo."""
        answer = phone.post(f"{self.own}/{path}", data=photo, headers={"Content-Type": "image/jpeg"})
        assert answer.ok, answer.text()
        return dict(answer.json())

    def tell(self, what: dict[str, Any], path: str = "", method: str = "PATCH") -> dict[str, Any]:
        """Tell the room something as its teacher; return what it answers."""
        answer = self.teacher.fetch(f"{self.wall}{path}", method=method, data=what)
        assert answer.ok, answer.text()
        return dict(answer.json())

    def end(self, *, keep: bool = False) -> dict[str, int]:
        """End it, and return what is left."""
        return dict(self.tell({"keep": keep}, method="DELETE")["left"])


def on_a_phone(page: Page, room: Meeting) -> None:
    """Join a room with a phone's page, and turn to what is one's own."""
    page.goto(room.own)
    page.locator("#join [data-do=named]").first.click(timeout=WAIT_MS)
    page.locator(".tabs [data-to=mine]").click(timeout=WAIT_MS)


NOTHING_LEFT = {"rooms": 0, "photos": 0, "people": 0, "projects": 0, "models": 0}


def test_promise_room_photo_and_room_end(browser: Browser, page: Page, server: Server, disk: Disk) -> None:
    answered(page, server)
    before = disk.files()
    room = Meeting(browser, server)
    mina, theo, stranger = room.phone("Mina"), room.phone("Theo"), browser.new_context().request
    one, two, three = (int(room.send(mina, "photos?name=a.jpg")["photo"]) for _ in range(3))
    pictures = [f"{room.own}/photos/{number}.jpg" for number in (one, two, three)]
    assert [who.get(pictures[0]).status for who in (mina, theo, stranger)] == [200, 200, 403]
    room.tell({"hidden": True}, f"/photos/{one}")
    assert [who.get(pictures[0]).status for who in (mina, theo)] == [200, 404]
    assert room.teacher.get(f"{room.wall}/photos/{one}.jpg").status == 200
    assert stranger.get(f"{room.wall}/photos/{one}.jpg").status == 403
    assert disk.holding(MARK.encode()) == []
    assert {path.relative_to(disk.home).as_posix() for path in disk.files() - before} == {room.file}
    mina.delete(pictures[1].removesuffix(".jpg"))
    assert room.teacher.get(f"{room.wall}/photos/{two}.jpg").status == 404
    assert mina.post(f"{room.own}/leave").status == 204
    assert room.teacher.get(f"{room.wall}/photos/{three}.jpg").status == 404
    room.send(theo, "photos?name=b.jpg")
    assert room.end() == NOTHING_LEFT
    assert disk.files() == before
    assert theo.get(f"{room.own}/state").json()["phase"] == "ended"


def test_a_phone_takes_out_of_a_photo_where_it_was_taken(
    browser: Browser, page: Page, server: Server, sent: list[Request]
) -> None:
    room = Meeting(browser, server)
    on_a_phone(page, room)
    sent.clear()
    exif, photo = Image.Exif(), io.BytesIO()
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitudeRef] = "N"
    Image.open(io.BytesIO(PHOTO)).save(photo, "JPEG", exif=exif, comment=MARK.encode())
    assert b"Exif" in photo.getvalue()
    file: FilePayload = {"name": NAME, "mimeType": "image/jpeg", "buffer": photo.getvalue()}
    page.set_input_files("#mine [data-pick=wall] >> nth=0", file)
    expect(page.locator("#mine .own li img")).to_be_visible(timeout=WAIT_MS)
    until(lambda: room.tell({})["photos"], page=page)
    (photo_of,) = room.tell({})["photos"]
    picture = room.teacher.get(
        f"{room.wall}/photos/{photo_of['photo']}.jpg"
    ).body()  # small enough to be kept as it came
    assert picture.startswith(b"\xff\xd8\xff")
    assert MARK.encode() not in picture
    assert len(Image.open(io.BytesIO(picture)).getexif()) == 0
    assert {request.url.partition("?")[0] for request in bodies(sent)} == {f"{room.own}/photos"}
    room.end()


def test_promise_room_live(browser: Browser, page: Page, server: Server, disk: Disk, sent: list[Request]) -> None:
    answered(page, server)
    room = Meeting(browser, server)
    on_a_phone(page, room)
    page.locator("#mine [data-do=live]").click()
    device = "Answered on this device: the picture does not leave it."
    expect(page.locator("#live .by")).to_have_text(device, timeout=60_000)
    expect(page.locator("#live .answer [data-bars]")).to_be_visible(timeout=30_000)
    before = disk.files()
    sent.clear()
    page.wait_for_timeout(1500)
    assert bodies(sent) == []
    page.set_input_files("#live [data-pick=ask]", {"name": NAME, "mimeType": "image/jpeg", "buffer": PHOTO})
    expect(page.locator("#live .by")).to_contain_text("It keeps no picture", timeout=WAIT_MS)
    assert {request.url.partition("?")[0] for request in bodies(sent)} == {f"{room.own}/look"}
    assert room.tell({})["photos"] == []
    page.locator("#live [data-do=unlive]").click()
    # Where the device cannot look by itself.
    page.route(
        "**/live?*", lambda route: route.fulfill(status=404, json={"code": "scripts-missing", "detail": "None."})
    )
    page.locator("#mine [data-do=live]").click()
    expect(page.locator("#live .by")).to_contain_text("It keeps no picture", timeout=60_000)
    sent.clear()
    until(lambda: bodies(sent), page=page)
    assert {request.url.partition("?")[0] for request in bodies(sent)} == {f"{room.own}/look"}
    assert disk.files() == before
    room.end()


def test_promise_room_home(browser: Browser, page: Page, server: Server, disk: Disk) -> None:
    answered(page, server)
    before = disk.files()
    room = Meeting(browser, server)
    mina, theo = room.phone("Mina"), room.phone("Theo")
    hidden, gone = (int(room.send(mina, "photos?name=a.jpg", marked(f"{MARK}, {n}"))["photo"]) for n in (1, 2))
    room.send(theo, "photos?name=b.jpg")
    room.tell({"hidden": True}, f"/photos/{hidden}")
    mina.delete(f"{room.own}/photos/{gone}")
    assert theo.get(f"{room.wall}/home.zip").status == 403
    with zipfile.ZipFile(io.BytesIO(room.teacher.get(f"{room.wall}/home.zip").body())) as home:
        photos_of = [name for name in home.namelist() if name.startswith("photos/")]
        assert photos_of == ["photos/round 1/01 Theo.jpg"]
        assert home.read(photos_of[0]) == PHOTO
        assert "Mina" not in home.read("sheet.html").decode()
    assert {path.relative_to(disk.home).as_posix() for path in disk.files() - before} == {room.file}
    assert room.end() == NOTHING_LEFT
    assert disk.files() == before


def test_promise_room_name(browser: Browser, server: Server, disk: Disk) -> None:
    room = Meeting(browser, server)
    mina, theo = room.phone("Mina of nowhere"), room.phone("Theo")
    photo = int(room.send(mina, "photos?name=a.jpg")["photo"])
    theo.post(f"{room.own}/guess", data={"photo": photo, "guess": "unsure"})
    room.tell({"phase": "shown"})
    theo.post(f"{room.own}/vote", data={"photo": photo, "right": True})
    (file,) = disk.holding(b"Mina of nowhere")
    assert file == disk.home / room.file
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    kept = json.loads(file.read_text("utf-8"))
    assert not {"photos", "guesses", "votes", "shots"} & kept.keys()
    # That somebody guessed is counted; the only name beside a photo is that of whose it is.
    (shown,) = mina.get(f"{room.own}/state").json()["mine"]
    assert (shown["guesses"], "Theo" in json.dumps(shown)) == (1, False)
    (on_wall,) = room.tell({})["photos"]
    assert (on_wall["guesses"], on_wall["votes"], "Theo" in json.dumps(on_wall)) == (1, {"right": 1, "wrong": 0}, False)
    assert mina.post(f"{room.own}/leave").status == 204
    assert disk.holding(b"Mina of nowhere") == []
    assert room.end() == NOTHING_LEFT
    assert not file.exists()


def test_promise_room_set(browser: Browser, page: Page, server: Server, disk: Disk) -> None:
    answered(page, server)
    for keep in (False, True):
        room = Meeting(browser, server)
        mina, before = room.phone("Mina"), {*(disk.home / "projects").glob("*")}
        told = room.tell({"classes": ["mugs", "pens"]}, "/collect", "POST")
        for place, klass in enumerate(told["collect"]["classes"]):
            assert room.send(mina, f"classes/{klass['id']}?name=a.jpg", marked(f"{MARK} {place}"))["added"] == 1
        (folder,) = {*(disk.home / "projects").glob("*")} - before
        assert {path.parent for path in disk.holding(MARK.encode())} == {folder / "photos"}
        assert (folder.stat().st_mode & 0o777, folder.parent.stat().st_mode & 0o777) == (0o700, 0o700)
        mina.post(f"{room.own}/leave")
        assert len(disk.holding(MARK.encode())) == 2
        assert room.end(keep=keep) == NOTHING_LEFT
        assert folder.exists() is keep
        assert len(disk.holding(MARK.encode())) == 2 * keep
    with_server = urllib.request.Request(f"{server.url}/projects/{folder.name}", method="DELETE")
    urllib.request.urlopen(with_server, timeout=20).close()


def test_promise_class(browser: Browser, tmp_path: Path) -> None:
    running = start_class(tmp_path, log=tmp_path / "log")
    try:
        with browser.new_context(locale="en-US", ignore_https_errors=True) as pupil:
            page = pupil.new_page()
            page.goto(running.url)
            page.set_input_files("input[type=file] >> nth=0", {"name": NAME, "mimeType": "image/jpeg", "buffer": PHOTO})
            expect(page.locator(".stage [data-verdict]")).to_be_visible(timeout=60_000)
            picture = f"{running.url}/visits/{visit_of(page)}/photos/1.jpg"
            assert is_served(picture)
            with browser.new_context(locale="en-US", ignore_https_errors=True) as teacher:
                host = teacher.new_page()
                host.goto(f"{running.url}/join?host={(tmp_path / 'class' / 'host.key').read_text('ascii')}")
                expect(host.get_by_role("heading", name="In class now")).to_be_visible(timeout=WAIT_MS)
                assert NAME not in host.content()
                assert visit_of(page) not in host.content()
                assert host.locator("img[src*=visits]").count() == 0
            with pytest.raises((urllib.error.URLError, ConnectionError)):  # without encryption nobody is let in
                urllib.request.urlopen(picture.replace("https:", "http:"), timeout=5)
    finally:
        running.process.terminate()
        running.process.wait(20)


def test_a_server_that_is_killed_leaves_no_photo_behind_where_numbers_are_to_be_kept(tmp_path: Path) -> None:
    """The project is begun by a program; the server is killed with its photos on the disk, and started again."""
    port = free_port()
    first = start_server(tmp_path, port=port)
    own = json.loads(asked(first, "/projects", b"{}", "application/json"))["id"]
    request = urllib.request.Request(
        f"{first.url}/projects/{own}",
        json.dumps({"settings": {"keep": "features"}}).encode(),
        {"Content-Type": "application/json"},
        method="PATCH",
    )
    urllib.request.urlopen(request, timeout=60).read()
    klass = json.loads(asked(first, f"/projects/{own}/classes", b'{"name": "cats"}'))["classes"][0]["id"]
    place, packed = tmp_path / "projects" / own / "photos", io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for number in range(60):
            picture = Image.effect_noise((640, 480), 10 + number).convert("RGB")
            archive.writestr(f"{number}.jpg", encode(picture, "JPEG"))
    asked(first, f"/projects/{own}/classes/{klass}/photos?name=a.zip", packed.getvalue(), "application/zip")
    first.process.kill()
    first.process.wait(20)
    assert list(place.iterdir()), "they were all read before the server was killed"
    second = start_server(tmp_path, port=port)
    try:
        until(lambda: not list(place.iterdir()), 90)
        with urllib.request.urlopen(f"{second.url}/projects/{own}", timeout=20) as answer:
            state = json.loads(answer.read())
        assert state["classes"][0]["count"] == 60
        assert state["toDrop"] == 0
    finally:
        second.process.terminate()
        second.process.wait(20)
