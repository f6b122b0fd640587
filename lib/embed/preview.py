"""The live preview: the generated code itself in a page of its own, with scripts and weights from this app."""

from dataclasses import replace

from lib.embed import web
from lib.embed.options import PAGES, Options, Target, Weights
from lib.embed.templates import read

_END = "</body>"


def preview(options: Options, base_url: str) -> str:
    """Return the page of `options` as HTML, and a bridge in it that classifies the photos that a parent frame sends.

    The bridge is a script of its own at the end; before it stands what `render` gives for the same options when the
    scripts come from `base_url`npm/ and the model from `base_url`model/. Projects are shown as the module they share.

    Args:
        options: A web target.
        base_url: Address of a folder, ending in "/".
    """
    target = options.target if options.target in PAGES else Target.MODULE
    shown = replace(options, target=target, weights=Weights.ADDRESS, address=f"{base_url}model/")
    page = web.files(shown, scripts=f"{base_url}npm/")["index.html"]
    head, end, tail = page.rpartition(_END)
    return f"{head}<script>\n{read('web/bridge.js')}</script>\n{end}{tail}"
