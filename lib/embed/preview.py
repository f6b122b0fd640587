"""The live preview: the generated code itself in a page of its own, with scripts and weights from this app."""

from dataclasses import replace

from lib.embed import packages, web
from lib.embed.escaping import js, markup, read
from lib.embed.options import DESCRIPTION, LIBRARY, PAGES, Options, Target, Weights

_HEAD = '<meta charset="utf-8">'


def preview(options: Options, *, folder: str, scripts: str) -> str:
    """Return the page of `options` as HTML: the code itself, seen from `folder`, and a bridge at its end.

    The bridge classifies the photos that a parent frame sends. Projects for Vite are shown as the page that has the
    same script in it.

    Args:
        options: A web target.
        folder: Address of the folder with what `preview_files` returns, ending in "/".
        scripts: Address of the folder of packages, ending in "/".
    """
    page = web.files(_shown(options))["index.html"].replace(packages.CDN, scripts)
    based = page.replace(_HEAD, f'{_HEAD}<base href="{markup(folder)}">', 1)
    return f"{based}<script>\n{read('web/bridge.js')}</script>\n"


def preview_files(options: Options, *, weights: str, scripts: str, has_map: bool = False) -> dict[str, str]:
    """Return the files beside that page, which take the weights and the packages from these addresses.

    Args:
        options: A web target.
        weights: Address of the model's file.
        scripts: Address of the folder of packages, ending in "/".
        has_map: Whether that file gives its last map, behind all else (`lib.formats.score.with_map`).
    """
    shown = replace(_shown(options), complete=False)
    more = {"map": True} if has_map else {}
    described = {**web.description(shown), **more, "weights": weights, "scripts": scripts}
    return {LIBRARY: web.library(options.engine), DESCRIPTION: js(described)}


def _shown(options: Options) -> Options:
    is_page = options.target in PAGES
    target = options.target if is_page else Target.SCRIPT
    complete = options.complete and is_page
    return replace(options, target=target, complete=complete, weights=Weights.DEFAULT, address="")
