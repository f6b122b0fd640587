"""A model on its way to other machines: its description and its few files, so that all ask the very same one."""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from lib.model.spec import CARD, MEANS, ModelFolder


@dataclass(frozen=True, slots=True)
class Shipped:
    """A model folder that can be sent.

    Attributes:
        folder: As it is on the machine that it comes from.
        files: What is in it, by name: megabytes.
    """

    folder: ModelFolder
    files: Mapping[str, bytes]

    @staticmethod
    def of(folder: ModelFolder) -> "Shipped":
        """Return a model to send. Raises ModelFileError if its weights cannot be read, or were changed."""
        names = (name for name in (CARD, MEANS, folder.spec.labels) if (folder.path / name).is_file())
        files = {name: (folder.path / name).read_bytes() for name in names}
        return Shipped(folder, {**files, folder.spec.weights: folder.read_weights()})

    @contextmanager
    def laid_out(self) -> Iterator[ModelFolder]:
        """Yield the model as a folder on this machine, until the block ends."""
        with tempfile.TemporaryDirectory() as path:
            for name, content in self.files.items():
                (Path(path) / name).write_bytes(content)
            yield replace(self.folder, path=Path(path))
