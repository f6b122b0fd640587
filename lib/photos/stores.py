"""Photos behind an address, such as s3://bucket/folder: what pyarrow's file systems reach, found and read.

Where a store needs more than its address, the address says it as pyarrow reads it, such as
s3://bucket/folder?region=eu-west-1&endpoint_override=host:9000; keys come from the environment. What photos are called
holds neither.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO
from urllib.parse import urlsplit

from lib.errors import PhotoError, UsageError
from lib.messages import N_
from lib.photos.refusals import SUFFIXES, check_bytes
from lib.photos.source import ARCHIVES, Found, LeftOut, Source
from lib.photos.tarred import SUFFIX, find_in_tar, not_unpacked, unreadable

# What a store is asked for at once while the headers of an archive are read.
_BUFFER_BYTES = 2**20


def is_address(place: str) -> bool:
    """Whether this is the address of a store, and no path on this machine."""
    return "://" in place


def find_in_store(address: str, left_out: LeftOut) -> Iterator[Found]:
    """Yield the photos at an address, as `lib.photos.finding.find` does; the names of one folder at a time are held.

    Args:
        address: Where to look.
        left_out: What is not looked into is counted here.

    Raises:
        UsageError: The address cannot be understood, leads nowhere, or its store cannot be reached.
    """
    with _asking(address):
        store, path = _store(address)
        info = store.get_file_info(path)
        if not (info.is_file or _is_folder(info)):
            raise UsageError(N_("{file} does not exist."), file=_named(address, path))
        for file in [info] if info.is_file else _files_below(store, path):
            within = info.base_name if info.is_file else str(PurePosixPath(file.path).relative_to(path))
            name = _named(address, file.path)
            if _suffix(file) == SUFFIX:
                yield from find_in_tar(partial(_open, address, file.path), name, within, buffer_bytes=_BUFFER_BYTES)
            elif file.base_name.lower().endswith(ARCHIVES):
                if info.is_file:
                    yield Found(not_unpacked(name), within)
                left_out.archives += not info.is_file
            elif info.is_file or _suffix(file) in SUFFIXES:
                yield Found(Source(name, partial(_read, address, file.path, name)), within)


@contextmanager
def _asking(address: str) -> Iterator[None]:
    """Turn what pyarrow raises into a UsageError that names the address."""
    try:
        yield
    except (OSError, ValueError, NotImplementedError) as error:
        text = N_("{address} cannot be read: {reason}. Known are s3://bucket/…, gs://bucket/… and file:///….")
        reason = str(error).partition("\n")[0].rstrip(".").replace(address, _public(address))
        raise UsageError(text, address=_public(address), reason=reason) from error


def _public(address: str) -> str:
    """Return an address without keys and options."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def _named(address: str, path: str) -> str:
    return f"{urlsplit(address).scheme}://{path}"


@cache
def _store(address: str) -> tuple[Any, str]:
    from pyarrow.fs import FileSystem  # 0.1 s, and few runs need it

    store, path = FileSystem.from_uri(address)
    return store, path.rstrip("/") or path


def _files_below(store: Any, folder: str) -> Iterator[Any]:
    from pyarrow.fs import FileSelector

    for info in sorted(store.get_file_info(FileSelector(folder)), key=lambda info: str(info.base_name)):
        if info.base_name.startswith("."):
            continue
        if info.is_file:
            yield info
        elif _is_folder(info) and not (store.type_name == "local" and Path(info.path).is_symlink()):
            yield from _files_below(store, info.path)


def _is_folder(info: Any) -> bool:
    from pyarrow.fs import FileType

    return bool(info.type == FileType.Directory)


def _suffix(info: Any) -> str:
    return PurePosixPath(info.base_name).suffix.lower()


def _open(address: str, path: str) -> BinaryIO:
    opened: BinaryIO = _store(address)[0].open_input_file(path)
    return opened


def _read(address: str, path: str, name: str) -> bytes:
    """Return the bytes of a photo in a store.

    Raises:
        PhotoError: It cannot be read, or is larger than a photo may be.
    """
    try:
        with _store(address)[0].open_input_file(path) as file:
            check_bytes(file.size(), name)
            return bytes(file.read())
    except FileNotFoundError as error:
        raise PhotoError(N_("{file} does not exist."), file=name) from error
    except OSError as error:
        raise unreadable(name, error) from error
