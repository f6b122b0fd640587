"""The description of the API: OpenAPI 3.1 for programs, and a page of it for people; neither asks another host."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

HERE = Path(__file__).resolve().parent


@cache
def read() -> dict[str, Any]:
    """Return the description, an OpenAPI document."""
    found: dict[str, Any] = json.loads((HERE / "openapi.json").read_text(encoding="utf-8"))
    return found


async def specification(_request: Request) -> Response:
    """Answer with the description."""
    return JSONResponse(read(), headers={"Cache-Control": "no-cache"})


async def page(request: Request) -> Response:
    """Answer with the page, with examples for the address at which it was asked for."""
    base = f"{request.url.scheme}://{request.url.netloc}"
    made = _template().render(api=read(), base=base, host=request.url.netloc)
    return HTMLResponse(made, headers={"Cache-Control": "no-cache"})


@cache
def _template() -> Any:
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters |= {"found": _found, "code": _with_code}
    return environment.from_string((HERE / "docs.html").read_text(encoding="utf-8"))


def _with_code(text: str) -> Markup:
    """Return a text as HTML, in which what stands between backticks is code."""
    between = [Markup("<code>{}</code>" if n % 2 else "{}").format(each) for n, each in enumerate(text.split("`"))]
    return Markup("").join(between)


def _found(told: dict[str, Any]) -> dict[str, Any]:
    """Return what a reference within the description stands for; anything else as it is."""
    at: Any = read()
    for name in told.get("$ref", "#").split("/")[1:]:
        at = at[name]
    return at if "$ref" in told else told
