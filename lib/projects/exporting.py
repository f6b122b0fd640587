"""A project's own photos, to make files of its model with and to compare their answers on."""

import json

from lib.catalogue.comparing import Photos, photos_given, photos_of
from lib.errors import DatasetError
from lib.model.spec import ModelFolder
from lib.projects.project import Project
from lib.projects.store import Projects
from lib.work.files import read_small


def own_photos(project: Project, folder: ModelFolder) -> Photos:
    """Return the photos of a model's project: of training to calibrate with, held out to compare on.

    The samples where too few are left of them, or they were deleted.
    """
    if not project.settings.keeps_photos:
        return photos_given(())
    try:
        train, held_out = project.parts()
    except DatasetError:
        return photos_given(())
    return photos_of(train, held_out, folder.read_labels(), are_unseen=_held_out(folder))


def project_of(folder: ModelFolder, projects: Projects) -> Project | None:
    """Return the project that a model was made of, if it is here."""
    return next((project for project in projects.all() if folder.spec.id in project.manifest.models), None)


def _held_out(folder: ModelFolder) -> bool:
    """Whether a model was measured on photos that it did not learn from; with few photos it learns from all."""
    try:
        return bool(json.loads(read_small(folder.path / "metrics.json"))["by"] == "held out")
    except (OSError, ValueError, KeyError, TypeError):
        return False
