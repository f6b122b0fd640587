"""A model that is our head on a file of somebody else's: put together when the file is here, and tried."""

import shutil
from pathlib import Path

from lib.catalogue import from_package, transfer
from lib.catalogue.origins import Head, Remote
from lib.catalogue.transfer import Received
from lib.errors import AppError
from lib.formats.graft import Pooling, graft
from lib.model.spec import ModelSpec, load, parse_labels


def from_here(head: Head, remote: Remote, models: Path, target: Path) -> Received | None:
    """Copy the file below the head from the model that it is; None where that is not here, or has another file.

    Args:
        head: The head.
        remote: The file, whose digest decides.
        models: Where models are kept.
        target: Where to.
    """
    try:
        shutil.copyfile(load(models / head.backbone).weights_path, target)
        return transfer.verify(target, remote)
    except (AppError, OSError):
        return None


def put(head: Head, spec: ModelSpec, file: Path, weights: Path) -> tuple[str, ...]:
    """Write a file with our head in the place of its own, and return the head's classes.

    Args:
        head: The head.
        spec: The model that comes of it.
        file: What it is put on.
        weights: Where to.

    Raises:
        ModelFileError: The head does not fit, or cannot be read.
    """
    ours = from_package.read_head(head.file)
    content = graft(file.read_bytes(), ours.weight, ours.bias, Pooling.WHOLE, spec.input.size_wh, file.name)
    weights.write_bytes(content)
    return parse_labels(head.labels.read_bytes())


def test(head: Head, folder: Path) -> None:
    """Let the finished model answer. Raises ModelFileError: it answers otherwise than it should."""
    from_package.self_test(load(folder), head.self_test)
