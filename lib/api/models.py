"""`GET /models`: which models there are, and what is known of one."""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from lib.api.desk import Desk, NoModelError
from lib.catalogue.store import Entry, State, Store
from lib.errors import UnknownModelError
from lib.i18n import choose
from lib.reports.models import entry_object
from lib.server.exchange import answered, to_json


class Listing:
    """The addresses.

    Args:
        desk: Where photos are answered.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def all(self, _request: Request) -> Response:
        """Answer with the list of `models --json`."""
        entries = await run_in_threadpool(self._desk.models.store.entries)
        return answered(to_json([entry_object(entry) for entry in entries]))

    async def one(self, request: Request) -> Response:
        """Answer with one entry of that list and what a caller needs beside it: labels, input, and its default."""
        wanted, language = request.path_params["model"], choose([request.query_params.get("lang")])
        return answered(to_json(await run_in_threadpool(_described, self._desk.models.store, wanted, language)))


def _described(store: Store, wanted: str, language: str) -> dict[str, object]:
    try:
        entry = store.find(wanted)
    except UnknownModelError as error:
        raise NoModelError(404, error.message.text, **error.message.values) from None
    return {
        **entry_object(entry),
        "default": entry.spec.id == store.default_id(),
        "input": {"width": entry.spec.input.size_wh[0], "height": entry.spec.input.size_wh[1]},
        "view": entry.spec.input.resize,
        "says_unfamiliar": entry.spec.novelty is not None,
        "labels": _labels(store, entry, language),
    }


def _labels(store: Store, entry: Entry, language: str) -> list[str] | None:
    """Return the K names in a language; None of a model that is not here yet."""
    return list(store.open_folder(entry.spec.id).read_labels(language)) if entry.state is State.READY else None
