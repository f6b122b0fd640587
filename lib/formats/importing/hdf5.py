"""HDF5, read through before TensorFlow is started for it: a damaged file can keep its library busy for ever."""

import io
import zipfile
import zlib
from pathlib import Path
from typing import Any

from lib.formats.unbelieved import DAMAGE

KERAS_WEIGHTS = "model.weights.h5"  # of a .keras file, which is a zip
# What damage raises, in the zip around the file included.
UNREADABLE = (*DAMAGE, OSError, EOFError, zipfile.BadZipFile, zlib.error)


def read_through(path: Path) -> None:
    """Read every array and attribute of an HDF5 file, or of that inside a .keras file.

    Raises:
        OSError, or one of `DAMAGE`: It cannot be read.
    """
    import h5py

    def look_at(_: str, item: Any) -> None:
        dict(item.attrs)
        if isinstance(item, h5py.Dataset):
            item[()]

    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as packed:
            source: Any = io.BytesIO(packed.read(KERAS_WEIGHTS))
    else:
        source = path
    with h5py.File(source, "r") as file:
        dict(file.attrs)
        file.visititems(look_at)
