"""The LiteRT model, and the labels if there are any, out of a downloaded .tgz; nothing else is written."""

import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO

from lib.errors import ModelFileError
from lib.messages import N_

MAX_MODEL_BYTES = 512 * 2**20
MAX_LABEL_BYTES = 4 * 2**20
MAX_MEMBERS = 10_000
# Reading a member means decompressing all before it; an archive of zeros must not keep a core busy for long.
MAX_TOTAL_BYTES = 8 * 2**30


def extract(archive: Path, name: str, model: Path, labels: Path) -> None:
    """Write the archive's one .tflite file to `model` and its label file, if any, to `labels`.

    Only regular files count, and only their contents: names inside decide nothing about where is written.

    Args:
        archive: The downloaded file.
        name: What to call it in an error.
        model: New file.
        labels: New file.

    Raises:
        ModelFileError: It is no .tgz, is damaged, or holds no .tflite file or several.
    """
    try:
        with tarfile.open(archive, "r:*") as packed:
            members = list(_regular(packed, name))
            _copy(packed, _the_model(members, name), model, MAX_MODEL_BYTES, name)
            found = [m for m in members if PurePosixPath(m.name).name.lower() == "labels.txt"]
            if len(found) == 1:
                _copy(packed, found[0], labels, MAX_LABEL_BYTES, name)
    except (tarfile.TarError, zlib.error, EOFError, ValueError, OverflowError, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:  # the disk, not the archive
            raise
        raise ModelFileError(
            N_("The archive {file} is damaged ({reason})."), file=name, reason=str(error)[:200]
        ) from error


def _regular(packed: tarfile.TarFile, name: str) -> Iterator[tarfile.TarInfo]:
    total = 0
    for count, member in enumerate(packed):
        total += member.size
        if count >= MAX_MEMBERS or total > MAX_TOTAL_BYTES:
            raise ModelFileError(
                N_("{file} would unpack to far more than a model needs, so it was refused."), file=name
            )
        # "._x" are macOS's companions of a file "x".
        if member.isreg() and not PurePosixPath(member.name).name.startswith("."):
            yield member


def _the_model(members: list[tarfile.TarInfo], name: str) -> tarfile.TarInfo:
    models = [m for m in members if m.name.lower().endswith(".tflite")]
    if len(models) > 1:
        stem = name.removesuffix(".tgz")
        models = [m for m in models if PurePosixPath(m.name).stem == stem]
    if len(models) != 1:
        raise ModelFileError(N_("{file} must contain exactly one .tflite file."), file=name)
    return models[0]


def _copy(packed: tarfile.TarFile, member: tarfile.TarInfo, target: Path, limit: int, name: str) -> None:
    if member.size > limit:
        raise ModelFileError(N_("{file} would unpack to far more than a model needs, so it was refused."), file=name)
    source: IO[bytes] | None = packed.extractfile(member)
    if source is None:
        raise ModelFileError(N_("{file} must contain exactly one .tflite file."), file=name)
    with source, target.open("xb") as out:
        while chunk := source.read(2**20):
            out.write(chunk)
