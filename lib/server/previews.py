"""What a browser loads while a preview is shown: the engine's scripts and the model's weights, in one place for all.

Streamlit serves `static/` beside the entry to whoever knows an address. So only what is nobody's own lies there, by
content: a package's exact version, a digest of the weights. It is written once, however many previews use it, and
removed when none has for a while. What is a visitor's own, the page and the photo, is handed to the browser directly.
"""

import contextlib
import os
import shutil
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from lib.errors import ModelFileError
from lib.messages import N_
from lib.server import limits
from lib.work.files import write_whole

FOLDER = Path(__file__).resolve().parents[2] / "static" / "preview"
ADDRESS = "/app/static/preview"
_SHARED = ("npm", "m")


def share(files: Mapping[str, Callable[[], bytes]], *, folder: Path = FOLDER) -> None:
    """See to it that files are where the browser finds them, below `ADDRESS`.

    Args:
        files: What each holds, by relative path; asked only for a file that is not there yet. The path names the
            content: "npm/PACKAGE@VERSION/…" or "m/DIGEST/…".
        folder: Where they lie.

    Raises:
        ModelFileError: The folder cannot be written.
    """
    try:
        for path, content in files.items():
            _share(folder / path, content)
    except OSError as error:
        raise ModelFileError(
            N_("The preview could not be saved to {folder}: {reason}."),
            folder=str(folder),
            reason=error.strerror or error,
        ) from error


def _share(target: Path, content: Callable[[], bytes]) -> None:
    try:
        os.utime(target)  # it is in use
    except FileNotFoundError:
        made = content()
        target.parent.mkdir(parents=True, exist_ok=True)
        write_whole(target, made)


def sweep(*, folder: Path = FOLDER) -> None:
    """Remove what no preview has used for `limits.PREVIEW_S`, and at once whatever else a server left behind."""
    oldest = time.time() - limits.PREVIEW_S
    with contextlib.suppress(OSError):  # another server may be sweeping, too
        for place in folder.iterdir():
            if place.name not in _SHARED:
                shutil.rmtree(place, ignore_errors=True)
        for path in sorted(folder.rglob("*"), reverse=True):  # what is in a folder before the folder
            if path.is_dir():
                with contextlib.suppress(OSError):  # not empty
                    path.rmdir()
            elif path.stat().st_mtime < oldest:
                path.unlink(missing_ok=True)
