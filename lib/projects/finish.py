"""A project → a model in the store, which every page and program can ask; renewed in its place, whole or not at all."""

import json
from contextlib import suppress
from hashlib import sha256

from lib.catalogue.store import Store
from lib.errors import AppError
from lib.projects.learner import head_settings
from lib.projects.project import Project
from lib.training.features import Backbone
from lib.training.heads import FEW
from lib.training.kept import MOST_BYTES, KeptFeatures
from lib.training.transfer import TransferOptions, train_transfer
from lib.work.files import write_whole
from lib.work.jobs import Job

FINISH = "finish"  # what the work is called in the queue, whose owner is the project
NOTE = "finished.json"  # in the project's folder: of which photos and settings the model was made


def finish(project: Project, name: str, store: Store, backbone: Backbone, job: Job) -> str:
    """Make the project's model, and return its id.

    Where every class has enough photos, some are held out to measure on, as the project draws them; else all are
    learned from, and left out in turn.

    Args:
        project: The project.
        name: Of the model, for people.
        store: Where the models are; the project's earlier one stays until this one is whole.
        backbone: What the project learns with.
        job: Told how far it is, and asked whether to go on.

    Raises:
        AppError: As `train_transfer`.
    """
    of, chosen = digest_of(project), project.settings
    train, held_out = project.labelled(), None
    if min(train.counts()) >= FEW:
        train, held_out = project.parts()
    earlier = model_of(project, store)
    options = TransferOptions(chosen.backbone, name, head_settings(chosen), is_thorough=True, place=earlier)
    result = train_transfer(
        train,
        held_out,
        options,
        store=store,
        backbone=backbone,
        kept=KeptFeatures(project.folder, MOST_BYTES if chosen.keeps_photos else None),
        on_progress=job.tell,
        cancelled=job.cancelled,
    )
    write_whole(project.folder / NOTE, json.dumps({"of": of}).encode())
    project.set_model(result.model_id)
    return result.model_id


def model_of(project: Project, store: Store) -> str | None:
    """Return the id of the project's model; None if it was never made, or was removed."""
    if project.model is None:
        return None
    with suppress(AppError):
        return store.find(project.model).spec.id
    return None


def is_current(project: Project) -> bool:
    """Whether the project's model was made of the photos as they are now."""
    try:
        return bool(json.loads((project.folder / NOTE).read_bytes())["of"] == digest_of(project))
    except (OSError, ValueError, KeyError, TypeError):
        return False


def digest_of(project: Project) -> str:
    """Return what is another where the same model would not come of a project."""
    now = project.manifest
    facts = repr((now.settings, now.live_classes, [(photo.digest, photo.klass) for photo in now.usable]))
    return sha256(facts.encode()).hexdigest()
