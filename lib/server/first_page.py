"""What a browser gets first: the page that Streamlit's scripts fill, with its header, style and title in it already.

So the first picture stands at once, in the visitor's language, and nothing moves when the rest arrives.
"""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

from lib.i18n import LANGUAGES, Translator, choose
from lib.messages import N_
from lib.server.host import HOST

SHORT = {"en": "EN", "ko": "한", "ja": "日"}
_SAID = {
    "skip": N_("Skip to the content"),
    "pages": N_("Pages"),
    "language": N_("Language"),
    "noscript": N_("Discern needs JavaScript. Turn it on in the settings of your browser."),
}


@dataclass(frozen=True, slots=True)
class Room:
    """One page of the app.

    Attributes:
        path: Its address, without the slash.
        name: How the header calls it; a key of the catalogues.
        promise: What its first picture says; a key of the catalogues, or "".
    """

    path: str
    name: str
    promise: str = ""

    def title(self, t: Translator) -> str:
        """Return what the browser's tab says."""
        return f"{t(self.name)} – Discern"


class FirstPage:
    """The page, for each room and language.

    Args:
        template: Jinja2, HTML.
        rooms: In the order of the header.
        hosts: The host's own, beside the languages.
        quiet: One that is a sign beside the languages.
        scripts: Streamlit's own scripts and style, as HTML.
        style: Ours, CSS.
        icon: The address of the mark.
        streamlits: What Streamlit says in English, and what is to be said instead; keys of the catalogues.
    """

    def __init__(
        self,
        template: str,
        rooms: tuple[Room, ...],
        hosts: Room,
        quiet: Room,
        *,
        scripts: str,
        style: str,
        icon: str,
        streamlits: Mapping[str, str],
    ) -> None:
        environment = Environment(autoescape=True, undefined=StrictUndefined)
        speakers = [Translator(language) for language in LANGUAGES]
        self._rooms = (*rooms, hosts, quiet)
        self._said = {t.language: _said(t, self._rooms) for t in speakers}
        words = {
            "said": self._said,
            "languages": list(LANGUAGES),
            "streamlits": [[text, *(t(ours, n="{n}") for t in speakers)] for text, ours in streamlits.items()],
        }
        self._page = environment.from_string(
            template,
            {
                "scripts": Markup(scripts),
                "style": Markup(style),
                "icon": icon,
                "words": Markup(json.dumps(words, ensure_ascii=False).replace("<", "\\u003c")),
                "languages": {code: (SHORT[code], name) for code, name in LANGUAGES.items()},
                "rooms": rooms,
                "hosts": hosts,
                "quiet": quiet,
            },
        )

    def routes(self) -> list[Route]:
        """Return a route for each room."""
        return [Route(f"/{room.path}", self._endpoint(room)) for room in self._rooms]

    def html(self, room: Room, language: str, query: str = "", *, is_host: bool = True) -> str:
        """Return the page of a room.

        Args:
            room: Which.
            language: One of `LANGUAGES`.
            query: What the addresses of the rooms end with.
            is_host: Whether the reader is the host.
        """
        t = Translator(language)
        return self._page.render(
            language=language,
            room=room,
            title=room.title(t),
            promise=t(room.promise) if room.promise else "",
            query=query,
            is_host=is_host,
            said=self._said[language],
        )

    def _endpoint(self, room: Room) -> Callable[[Request], Awaitable[HTMLResponse]]:
        async def endpoint(request: Request) -> HTMLResponse:
            asked = request.query_params.get("lang")
            first = request.headers.get("accept-language", "").partition(",")[0]  # what Streamlit goes by, too
            language = choose([asked, first])
            query = f"?lang={language}" if asked else ""
            headers = {"Cache-Control": "no-cache", "Vary": "Accept-Language, Cookie"}
            is_host = HOST.knows_cookies(request.cookies)
            return HTMLResponse(self.html(room, language, query, is_host=is_host), headers=headers)

        return endpoint


def _said(t: Translator, rooms: tuple[Room, ...]) -> dict[str, str]:
    return {room.path: t(room.name) for room in rooms} | {name: t(text) for name, text in _SAID.items()}
