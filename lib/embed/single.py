"""One file that opens by double-click: page, scripts, engine and model in it."""

import threading

from lib.embed import packages, web
from lib.embed.options import MODEL_FILE, PAGES, Options
from lib.embed.scripts import Scripts
from lib.errors import UsageError
from lib.messages import N_
from lib.model.spec import ModelFolder
from lib.work.files import size_words
from lib.work.progress import OnProgress

MOST_BYTES = 60_000_000  # a browser reads the whole of it before it shows anything
MOST_MODEL_BYTES = 38_000_000  # written as text, and with the engine's files, that stays below


def make(
    options: Options,
    scripts: Scripts,
    *,
    has_both: bool = False,
    on_progress: OnProgress = lambda progress: None,
    cancelled: threading.Event | None = None,
) -> bytes:
    """Fetch what is missing, and return the page.

    Args:
        options: What the page should be.
        scripts: Where the packages' files are kept.
        has_both: Whether it takes photos from files and from the camera, whatever `options` say.
        on_progress: Told how far the download of the scripts has come.
        cancelled: When set, the download stops with `Cancelled`.

    Raises:
        UsageError: It would be too large, or the model is none of the app's own.
        ModelFileError: The model's file is damaged.
        DownloadError: A script could not be fetched.
    """
    if not isinstance(options.model, ModelFolder) or options.target not in PAGES:
        raise UsageError(
            N_("The single file that opens by double-click works only for web pages with one of the app's own models.")
        )
    weights = web.weights_file(options.model)
    if len(weights) > MOST_MODEL_BYTES:
        raise UsageError(
            N_(
                "With {model}, the file would be larger than {most}. Browsers do not open such files well. Use the "
                "offline bundle instead."
            ),
            model=options.model.spec.name,
            most=size_words(MOST_BYTES),
        )
    scripts.fetch(packages.LITERT_FILES, on_progress=on_progress, cancelled=cancelled)
    parts = {file.place: scripts.path(file).read_bytes() for file in packages.LITERT_FILES}
    return web.single(options, {MODEL_FILE: weights, **parts}, has_both=has_both).encode()
