"""The pages' own scripts, style and markup, and how they reach the browser.

Scripts are ES modules, served without their comments under an address that holds a digest of them all: a browser keeps
them for ever, and an open page goes on with those it began with. Streamlit is handed three lines that load the module.
"""

import hashlib
import re
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

_FOLDER = Path(__file__).parent
_KINDS = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
_OWN = ("phone.css",)  # of a page that is none of Streamlit's
_COMMENT = re.compile(r"^[ \t]*/\*(?:(?!\*/).)*\*/[ \t]*\n", re.MULTILINE | re.DOTALL)  # in lines of its own
_FOR_EVER = "public, max-age=31536000, immutable"

# Streamlit makes a module of this text anew at every mount; what it loads is one module for the whole page. `draw` gets
# what Streamlit hands to a component; what it returns is called when the component goes away.
_LOADER = """
export default function (component) {{
  let end;
  const gone = new AbortController();
  import(new URL("{address}", document.baseURI).href).then((module) => {{
    if (!gone.signal.aborted) end = module.draw(component);
  }});
  return () => {{ gone.abort(); end?.(); }};
}}
"""


def read(name: str) -> str:
    """Return a file of this folder, such as "header.html"."""
    return (_FOLDER / name).read_text(encoding="utf-8")


def address(name: str) -> str:
    """Return where browsers find a file of this folder."""
    return f"/web/{_digest()}/{name}"


def style() -> str:
    """Return the style sheets of Streamlit's pages, that of the tokens first; the first page brings them."""
    names = {path.name for path in _FOLDER.glob("*.css")} - {*_OWN}
    ordered = sorted(names, key=lambda name: (name != "tokens.css", name))
    return "\n".join(map(read, ordered))


@st.cache_resource(show_spinner=False)
def component(name: str) -> Any:
    """Return the component of NAME.js, which exports `draw`, and NAME.html if there is one.

    It lives in the page, not in a frame.
    """
    script = _LOADER.format(address=address(f"{name}.js"))
    html = read(f"{name}.html") if (_FOLDER / f"{name}.html").is_file() else None
    return st.components.v2.component(f"discern_{name}", html=html, js=script, isolate_styles=False)


def routes() -> list[Route]:
    """Return the route that serves the files."""
    return [Route("/web/{digest}/{name}", _serve)]


async def _serve(request: Request) -> Response:
    path = _FOLDER / Path(request.path_params["name"]).name
    if path.suffix not in _KINDS or not path.is_file():
        return Response(status_code=404)
    # An open page may still ask by the digest of an earlier version: it gets today's, but not to keep.
    is_current = request.path_params["digest"] == _digest()
    headers = {"Cache-Control": _FOR_EVER if is_current else "no-store"}
    return Response(served(path.name), media_type=_KINDS[path.suffix], headers=headers)


@cache
def served(name: str) -> bytes:
    """Return a file of this folder as browsers get it: what is written in comments is for readers of the code."""
    return _COMMENT.sub("", read(name)).encode()


@cache
def _digest() -> str:
    files = sorted(path for path in _FOLDER.iterdir() if path.suffix in _KINDS)
    return hashlib.sha256(b"".join(path.name.encode() + path.read_bytes() for path in files)).hexdigest()[:16]
