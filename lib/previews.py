"""Folders that a browser may load from while a preview is shown: the scripts, the model and the page in one place.

Streamlit serves `static/` beside the entry to whoever knows an address; so each preview has a random name, holds only
what the generated code itself would make public, and is removed after an hour.
"""

import os
import secrets
import shutil
import time
from collections.abc import Mapping
from pathlib import Path

from lib.errors import ModelFileError
from lib.messages import N_

FOLDER = Path(__file__).resolve().parents[1] / "static" / "preview"
ADDRESS = "/app/static/preview"
KEEP_S = 3600


def publish(files: Mapping[str, Path | bytes], *, folder: Path = FOLDER) -> str:
    """Put files where the browser finds them and return the name of their new folder below `ADDRESS`.

    Args:
        files: By relative path: content, or a file, which is linked where the disk allows it, else copied.
        folder: Where such folders are made.

    Raises:
        ModelFileError: The folder cannot be written.
    """
    name = secrets.token_urlsafe(24)
    place = folder / name
    try:
        _forget_old(folder)
        for path, content in files.items():
            target = place / path
            target.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(content, bytes):
                target.write_bytes(content)
            else:
                _link(content, target)
    except OSError as error:
        shutil.rmtree(place, ignore_errors=True)
        raise ModelFileError(
            N_("A preview needs to write into {folder}, which failed: {reason}."),
            folder=str(folder),
            reason=error.strerror or error,
        ) from error
    return name


def write(name: str, path: str, content: bytes, *, folder: Path = FOLDER) -> None:
    """Add a file to a folder that `publish` made."""
    (folder / name / path).write_bytes(content)


def exists(name: str, *, folder: Path = FOLDER) -> bool:
    """Whether the folder is still there."""
    return (folder / name).is_dir()


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:  # another disk, or one without hard links
        shutil.copyfile(source, target)


def _forget_old(folder: Path) -> None:
    if not folder.is_dir():
        return
    oldest = time.time() - KEEP_S
    for place in folder.iterdir():
        if place.is_dir() and place.stat().st_mtime < oldest:
            shutil.rmtree(place, ignore_errors=True)
