"""What Streamlit's server is told."""

import asyncio

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.types import Message

from lib.server import limits
from lib.ui import serving
from tests.support.asgi import scope


def test_a_photo_does_not_touch_the_disk_while_it_comes_in() -> None:
    serving.middleware([])
    head = b'--x\r\nContent-Disposition: form-data; name="f"; filename="a.jpg"\r\n\r\n'

    async def receive() -> Message:
        return {"type": "http.request", "body": head + bytes(limits.PHOTO_BYTES // 8) + b"\r\n--x--\r\n"}

    async def form() -> UploadFile:
        request = Request(scope("/", method="POST", content_type="multipart/form-data; boundary=x"), receive)
        upload = (await request.form())["f"]
        assert isinstance(upload, UploadFile)
        return upload

    assert not asyncio.run(form()).file._rolled  # type: ignore[attr-defined]
