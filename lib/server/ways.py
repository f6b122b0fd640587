"""The ways by which requests come, as metrics and the log call them."""

from enum import StrEnum


class Way(StrEnum):
    """By which way a photo came."""

    PAGE = "page"  # Classify and Compare
    API = "api"
    HF = "hf"  # as Hugging Face's clients ask
    OIP = "oip"  # as those of the Open Inference Protocol do
    ROOM = "room"  # what a class sends to one room or project
    LIVE = "live"  # the camera of the page Train


_STARTS = {
    "/api/v1/hf": Way.HF, "/api": Way.API, "/v2": Way.OIP, "/visits": Way.PAGE, "/projects": Way.ROOM,
    "/r/": Way.ROOM, "/rooms": Way.ROOM,
}  # fmt: skip


def way_of(address: str) -> Way | None:
    """Return the way that an address belongs to; None for one of none."""
    return next((way for start, way in _STARTS.items() if address.startswith(start)), None)
