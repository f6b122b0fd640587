"""How often a model was right, counted by a visitor on photos of their own and kept beside the model.

The file goes with the model's folder: a model that is deleted or learned anew takes it along. What a model brings in
its own `model.toml`, or the catalogue says of it, goes before it.
"""

from dataclasses import dataclass, replace
from pathlib import Path

from lib.errors import ModelFileError, UsageError
from lib.messages import N_
from lib.model.spec import ModelFolder, TrackRecord, parse_record, read_toml
from lib.model.writing import record_table, to_toml
from lib.work.files import write_whole

FILE = "track-record.toml"


@dataclass(frozen=True, slots=True)
class Counted:
    """A count that a visitor keeps.

    Attributes:
        record: What was counted.
        owner: A digest that tells the visitor from others.
        sha256: Of the weights that were asked.
    """

    record: TrackRecord
    owner: str
    sha256: str


def read(folder: Path) -> Counted | None:
    """Return what is kept in a model's folder; None where there is nothing, or nothing that can be read."""
    if not (folder / FILE).is_file():
        return None
    try:
        table = read_toml(folder / FILE, FILE)
        return Counted(parse_record(table, FILE), str(table.get("owner")), str(table.get("sha256")))
    except ModelFileError:
        return None


def with_record(folder: ModelFolder) -> ModelFolder:
    """Return a model with what was counted of these very weights, where it brings no record of its own."""
    found = read(folder.path) if folder.spec.track_record is None else None
    if found is None or found.sha256 != folder.sha256:
        return folder
    return replace(folder, spec=replace(folder.spec, track_record=found.record))


def may_keep(folder: ModelFolder, owner: str, photos: int) -> bool:
    """Whether a visitor's count may take its place: there is none, it is their own, or it is of fewer photos."""
    if folder.spec.track_record is None:
        return True
    found = read(folder.path)
    if found is None or found.record != folder.spec.track_record:  # the model's own
        return False
    return found.owner == owner or found.record.photos < photos


def keep(folder: ModelFolder, counted: Counted) -> None:
    """Keep a count with a model, whole or not at all. Nobody else may write it meanwhile. Raises OSError.

    Raises:
        UsageError: The model is another by now, or has a record that stays.
    """
    model = folder.spec.name
    if counted.sha256 != folder.sha256:
        raise UsageError(N_("{model} has changed since it was counted. Count again."), model=model)
    if not may_keep(folder, counted.owner, counted.record.photos):
        raise UsageError(N_("{model} has a count already, of at least as many photos. It stays."), model=model)
    table = {"owner": counted.owner, "sha256": counted.sha256, **record_table(counted.record)}
    write_whole(folder.path / FILE, to_toml(table).encode())
