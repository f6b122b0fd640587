"""A request that brings one photo: as its body, or in the field `file` of a form."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.requests import Request

from lib.api.desk import Desk
from lib.api.parts import KIND, Part, Parts
from lib.errors import UsageError
from lib.messages import N_
from lib.server import limits
from lib.server.bodies import Body
from lib.server.refusal import Refusal

FRAMING_BYTES = 65_536  # what a form may hold beside the photo


def kind_of(request: Request) -> str:
    """Return the media type of a body, without its parameters and in lower case; "" where it is not said.

    Raises:
        Refusal: The body is compressed.
    """
    if (coding := request.headers.get("content-encoding", "").strip().lower()) not in ("", "identity"):
        raise Refusal(415, N_("Send the body as it is, not compressed with {coding}."), coding=coding)
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


@asynccontextmanager
async def room_for_one(request: Request, desk: Desk, owner: str) -> AsyncIterator[Part]:
    """Wait for room, read the photo, and hold the room as long as it is used.

    Args:
        request: The request, of which nothing was read.
        desk: Where photos are answered.
        owner: Whose photo it is.

    Raises:
        UsageError: There is no photo, or more than one.
        Refusal: The body is of another kind, too large, or comes too slowly; or there is no room.
        ClientDisconnect: Its sender went away.
    """
    kind = kind_of(request)
    if kind == KIND:
        body = Body(request, limits.PHOTO_BYTES + FRAMING_BYTES)
        async with desk.bodies.room_for(owner, body, limits.PHOTO_BYTES):
            yield await _only(Parts(body, request.headers["content-type"]))
        return
    if kind not in ("", "application/octet-stream") and not kind.startswith("image/"):
        sentence = N_("Send a photo as it is, with the header “Content-Type: image/jpeg” or the like, not {kind}.")
        raise Refusal(415, sentence, kind=kind)
    body = Body(request)
    async with desk.bodies.room_for(owner, body):
        data = await body.read()
        if not data:
            raise no_photo()
        yield Part(request.query_params.get("name", "photo"), data)


async def _only(parts: Parts) -> Part:
    found = [part async for part in parts]
    if not found:
        raise no_photo()
    if len(found) > 1:
        raise UsageError(N_("This address takes one photo a request."))
    if found[0].problem is not None:
        raise found[0].problem
    return found[0]


def no_photo() -> UsageError:
    """Return what is said of a request without a photo."""
    return UsageError(N_("The request holds no photo. Send it as the body, or in the field “file” of a form."))
