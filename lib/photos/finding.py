"""Photos for a run of any size: files, folders, tar archives and addresses of object stores, found one by one.

No list of all of them is made, nothing is unpacked, and a photo is read when its turn comes. What is found can be sent
to another process.
"""

import os
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import BinaryIO

from lib.errors import UsageError
from lib.messages import N_
from lib.photos.refusals import SUFFIXES
from lib.photos.source import ARCHIVES, Found, LeftOut, Source, files_below
from lib.photos.stores import find_in_store, is_address
from lib.photos.tarred import SUFFIX, find_in_tar, not_unpacked

Tell = Callable[[UsageError], None]


def find(place: str, tell: Tell, left_out: LeftOut | None = None) -> Iterator[Found]:
    """Yield the photos of a place, in an order that is always the same.

    Args:
        place: A photo, a tar archive, or a folder: the photos and archives below it, sorted; on this machine or an
            address such as s3://bucket/folder. A photo in an archive is called archive/path. A photo that is named is
            always taken, also where it has another suffix or does not exist: reading it says why not.
        tell: Called with an error of a folder that cannot be listed; the rest is found all the same.
        left_out: Where to count what is not looked into.

    Raises:
        UsageError: The address cannot be understood, or its store not be reached.
    """
    left_out = LeftOut() if left_out is None else left_out
    if is_address(place):
        yield from find_in_store(place, left_out)
        return
    path = Path(place)
    if not os.path.isdir(path):  # noqa: PTH112 - no error where it cannot be told: reading says why not
        yield from _of_file(path, path.name)
        return
    for file in files_below(path, SUFFIXES | {SUFFIX}, lambda error: tell(_unlisted(error)), left_out):
        yield from _of_file(file, file.relative_to(path).as_posix())


def _of_file(path: Path, within: str) -> Iterator[Found]:
    everywhere = path.absolute()  # another process may be elsewhere
    if path.suffix.lower() == SUFFIX and os.path.isfile(path):  # noqa: PTH113 - likewise
        yield from find_in_tar(partial(_open, everywhere), str(path), within)
    elif path.name.lower().endswith(ARCHIVES) and os.path.isfile(path):  # noqa: PTH113 - likewise
        yield Found(not_unpacked(str(path)), within)
    else:
        yield Found(Source.of_path(everywhere, str(path)), within)


def _open(path: Path) -> BinaryIO:
    return path.open("rb")


def _unlisted(error: OSError) -> UsageError:
    text = N_("The folder {folder} cannot be listed: {reason}.")
    return UsageError(text, folder=error.filename, reason=error.strerror or error)
