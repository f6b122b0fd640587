"""What browsers are told about the pages: what these may load and ask for, and who may frame them."""

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Everything comes from this server. Streamlit's pages and the code that Embed shows at work have scripts and styles in
# the page and make pictures, modules and workers there; models run as WebAssembly.
_POLICY = {
    "default-src": "'self'",
    "script-src": "'self' 'unsafe-inline' 'wasm-unsafe-eval' blob:",
    "style-src": "'self' 'unsafe-inline'",
    "img-src": "'self' data: blob:",
    "media-src": "'self' data: blob:",
    "font-src": "'self' data:",
    "connect-src": "'self' data: blob:",
    "worker-src": "'self' blob:",
    "frame-src": "'self' data: blob:",
    "frame-ancestors": "'self'",
    "form-action": "'self'",
    "base-uri": "'self'",
    "object-src": "'none'",
}
# What pages may ask a visitor for: the camera alone, and no frame of another site may.
_ALLOWED = "camera=(self), " + ", ".join(
    f"{feature}=()" for feature in ("microphone", "geolocation", "display-capture", "payment", "usb", "midi")
)
# No Strict-Transport-Security: browsers that once saw it let nobody past the warning of a certificate made here, and
# would keep `make run` on the same machine from being reached without TLS.
_HEADERS = {
    "Content-Security-Policy": "; ".join(f"{what} {where}" for what, where in _POLICY.items()),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": _ALLOWED,
}


class Headers:
    """Middleware that adds the headers to every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(_HEADERS)
            await send(message)

        await self.app(scope, receive, with_headers)
