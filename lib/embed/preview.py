"""The live preview: the generated code itself in a page of its own, with scripts and weights from this app."""

from dataclasses import replace

from lib.embed import web
from lib.embed.escaping import read
from lib.embed.options import PAGES, Options, Target, Weights

_END = "</body>"


def preview(options: Options, *, scripts: str, model: str) -> str:
    """Return the page of `options` as HTML, and a bridge in it that classifies the photos that a parent frame sends.

    The bridge is a script of its own at the end; before it stands what `render` gives for the same options when
    scripts and model come from these addresses. Projects are shown as the module they share.

    Args:
        options: A web target.
        scripts: Address of the folder of packages, ending in "/".
        model: Address of the folder with the model's file, ending in "/".
    """
    target = options.target if options.target in PAGES else Target.MODULE
    shown = replace(options, target=target, weights=Weights.ADDRESS, address=model)
    page = web.files(shown, scripts=scripts)["index.html"]
    head, end, tail = page.rpartition(_END)
    return f"{head}<script>\n{read('web/bridge.js')}</script>\n{end}{tail}"
