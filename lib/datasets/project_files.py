"""The folder or zip of a workshop project, read as a data set: its own description says what each photo shows."""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lib.datasets import manifest
from lib.datasets.files import File, Found
from lib.datasets.manifest import Kept, Manifest
from lib.errors import DatasetError, PhotoError
from lib.messages import N_
from lib.photos.source import Skipped


@dataclass(frozen=True, slots=True)
class ProjectFiles:
    """A project's description, and which of the files are its photos.

    Attributes:
        manifest: The description.
        kept: Its photos by the path of their file, those set aside included.
    """

    manifest: Manifest
    kept: Mapping[str, Kept]

    def label(self, found: Found) -> None:
        """Take the class of each file that is a usable photo of the project."""
        names = self.manifest.names
        for file in found.files:
            photo = self.kept.get(file.path)
            if photo is not None and photo.aside is not None:
                found.add_skipped(Skipped(file.path, photo.aside))
            elif photo is not None and photo.klass is not None:
                found.labels[file] = names[photo.klass]


def project_in(files: Sequence[File]) -> ProjectFiles | None:
    """Return the project that files are of; None if they are of none. It may lie in a folder around everything.

    Raises:
        DatasetError: Its description is damaged.
    """
    file = min(
        (file for file in files if file.inner[-1] == manifest.NAME), key=lambda file: len(file.inner), default=None
    )
    if file is None or len(file.inner) > 2:
        return None
    try:
        data = file.source.read()
    except PhotoError as error:
        raise DatasetError(N_("{file} could not be read: {reason}."), file=file.path, reason=error.message) from error
    if not manifest.is_manifest(data):
        return None
    described = manifest.read(data, file.path, is_foreign=True)
    at = {unicodedata.normalize("NFC", file.path): file.path for file in files}
    around = file.path.removesuffix(manifest.NAME)
    paths = {photo.id: at.get(unicodedata.normalize("NFC", around + photo.path)) for photo in described.photos}
    if described.dropped and not any(paths.values()):
        raise DatasetError(N_("{file} tells of a project that keeps only numbers: it has no photos."), file=file.path)
    return ProjectFiles(described, {path: photo for photo in described.shown if (path := paths[photo.id]) is not None})
