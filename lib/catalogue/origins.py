"""`models/catalogue.toml`: which models can be fetched, and where each file of theirs comes from."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote, urlsplit

from lib.catalogue import packaged
from lib.catalogue.packaged import Packaged
from lib.errors import ModelFileError, UsageError
from lib.messages import N_
from lib.model.spec import CARD, ModelSpec, parse, read_toml

MIRROR_VARIABLE = "DISCERN_MIRROR"
# A published size is rounded; whatever is much larger is not the file that was meant.
_SLACK = 8 * 2**20
_MAX_FILE = 512 * 2**20
_MAX_ARCHIVE = 2**30
_MAX_LABELS = 8 * 2**20

Kind = Literal["file", "archive", "keras"]


@dataclass(frozen=True, slots=True)
class Remote:
    """A file at a public address.

    Attributes:
        name: Bare file name, as a mirror serves it.
        address: Where its origin serves it.
        max_bytes: More than this is refused.
        expected_bytes: Exact size, where known.
        sha256: Published digest of the file, lower-case hex, or None; likewise the other two.
        git_blob: SHA-1 over b"blob <size>\\0" + content.
        md5: As Keras's own loader checks it.
        sha512: As npm's lock files have it.
        may_be_plain: Whether an address without encryption will do; only with a digest.
    """

    name: str
    address: str
    max_bytes: int
    expected_bytes: int | None = None
    sha256: str | None = None
    git_blob: str | None = None
    md5: str | None = None
    sha512: str | None = None
    may_be_plain: bool = False

    @property
    def has_digest(self) -> bool:
        """Whether a digest of the file was published."""
        return bool(self.sha256 or self.git_blob or self.md5 or self.sha512)

    def url(self, mirror: str | None) -> str:
        """Return where to ask for the file.

        Args:
            mirror: Address of a folder that replaces every origin, ending in "/"; None for the origin.
        """
        return mirror + quote(self.name) if mirror else self.address


@dataclass(frozen=True, slots=True)
class LabelList:
    """A file of class names shared by several models.

    Attributes:
        remote: One label a line, or Keras's `imagenet_class_index.json`.
        background: Where the class that is never shown stands in it.
    """

    remote: Remote
    background: str


@dataclass(frozen=True, slots=True)
class Origin:
    """How a model of the catalogue is come by; its `[source]` table, read.

    Attributes:
        kind: "file": a LiteRT file; "archive": a .tgz with one inside; "keras": weights that Keras loads.
        remote: The file to download.
        size_bytes: What to tell people before they download: exact, or as published; None if unknown. For an
            archive it is the size of the model in it.
        labels: Its label list, or None where the archive or the number of outputs decides.
        settle: Input size, background and activation are read from the model when it is fetched.
        application: "keras": the name in `keras.applications`.
        arguments: "keras": arguments of it.
        cached_as: "keras": the name Keras's loader looks for in its cache.
        head: "file": what of ours takes the place of the file's own head; None for a file that stays as it is.
    """

    kind: Kind
    remote: Remote
    size_bytes: int | None
    labels: LabelList | None
    settle: bool
    application: str = ""
    arguments: Mapping[str, Any] | None = None
    cached_as: str = ""
    head: "Head | None" = None


@dataclass(frozen=True, slots=True)
class Head:
    """A head of ours for a file that is fetched; it ships with the app, the file does not.

    Attributes:
        backbone: Id of the model whose file it is; where that is here, nothing is fetched.
        file: The head, see `lib.catalogue.from_package.read_head`.
        labels: Its label file.
        self_test: A class of the answer to `from_package.probe`, and how likely it should be.
    """

    backbone: str
    file: Path
    labels: Path
    self_test: tuple[int, float]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All that can be fetched.

    Attributes:
        specs: Of the models that can be fetched, by id, in the file's order.
        origins: Of the same, by id.
        packaged: Models that are written from weights in a Python package, by id.
        labels: Shared label lists, by key.
        aliases: Ids that models no longer have; each means the model named.
    """

    specs: Mapping[str, ModelSpec]
    origins: Mapping[str, Origin]
    packaged: Mapping[str, Packaged]
    labels: Mapping[str, LabelList]
    aliases: Mapping[str, str]


def mirror() -> str | None:
    """Return the address in `DISCERN_MIRROR`, ending in "/", or None.

    Raises:
        UsageError: It is not an http or https address.
    """
    address = os.environ.get(MIRROR_VARIABLE, "").strip()
    if not address:
        return None
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UsageError(
            N_("Set {variable} to an address such as http://host/path/. It is now {value}."),
            variable=MIRROR_VARIABLE,
            value=address,
        )
    return address if address.endswith("/") else address + "/"


def load(path: Path) -> Catalogue:
    """Read the catalogue, and the descriptions of shipped models without weights in the folders beside it.

    Raises:
        ModelFileError: It is missing or breaks its own rules; the entry is named.
    """
    table = read_toml(path, path.name)
    labels = {key: _label_list(key, entry, table) for key, entry in table.get("labels", {}).items()}
    specs: dict[str, ModelSpec] = {}
    origins: dict[str, Origin] = {}
    from_packages: dict[str, Packaged] = {}
    for entry in table.get("model", []):
        spec = parse({"runtime": "litert", "weights": "model.tflite", "labels": "labels.txt", **entry}, path.name)
        if spec.id in specs or spec.id in from_packages:
            raise ModelFileError(N_("{file} lists {model} twice."), file=path.name, model=spec.id)
        if spec.source.get("kind") == packaged.KIND:
            from_packages[spec.id] = packaged.read(spec, path.parent, from_packages)
            continue
        specs[spec.id] = spec
        origins[spec.id] = _origin(spec, table, labels)
    for card in sorted(path.parent.glob(f"*/{CARD}")):
        spec = parse(read_toml(card, f"{card.parent.name}/{CARD}"), f"{card.parent.name}/{CARD}")
        if spec.source.get("kind") == packaged.KIND:
            from_packages[spec.id] = packaged.read(spec, card.parent, from_packages)
        elif "head" in spec.source:
            specs[spec.id], origins[spec.id] = spec, _headed(spec, card.parent, origins)
    return Catalogue(specs, origins, from_packages, labels, table.get("aliases", {}))


def _label_list(key: str, entry: Mapping[str, Any], table: Mapping[str, Any]) -> LabelList:
    return LabelList(_remote(entry, table, key, _MAX_LABELS), entry.get("background", "none"))


def _origin(spec: ModelSpec, table: Mapping[str, Any], labels: Mapping[str, LabelList]) -> Origin:
    source = spec.source
    kind = source.get("kind")
    if kind not in ("file", "archive", "keras"):
        raise _wrong(spec.id, "source.kind")
    if "labels" in source and source["labels"] not in labels:
        raise _wrong(spec.id, "source.labels")
    size = source.get("bytes") or source.get("about_bytes") or source.get("model_bytes")
    if "bytes" in source:
        limit = source["bytes"]
    elif kind == "archive":
        # An archive may hold training checkpoints too, several times the model's size.
        limit = max(_MAX_ARCHIVE, 8 * (size or 0))
    else:
        limit = 2 * size + _SLACK if size else _MAX_FILE
    remote = _remote(source, table, spec.id, limit)
    return Origin(
        kind=kind,
        remote=remote,
        size_bytes=size,
        labels=labels.get(source.get("labels", "")),
        settle=bool(source.get("settle", False)),
        application=source.get("application", ""),
        arguments=source.get("arguments", {}),
        cached_as=source.get("cached_as", remote.name),
    )


def _headed(spec: ModelSpec, files: Path, others: Mapping[str, Origin]) -> Origin:
    """Return how a model is come by that is our head on another model's file; the table is in the folder `files`."""
    source = spec.source
    try:
        backbone, test = str(source["backbone"]), source["self_test"]
        expected = int(test["class"]), float(test["probability"])
        head = Head(backbone, files / source["head"], files / spec.labels, expected)
        return replace(others[backbone], labels=None, settle=False, head=head)
    except (KeyError, TypeError, ValueError) as error:
        raise _wrong(spec.id, f"source: {error}") from error


def _remote(entry: Mapping[str, Any], table: Mapping[str, Any], owner: str, limit: int) -> Remote:
    origin = table.get("origins", {}).get(entry.get("origin"), {})
    base, path = origin.get("address"), entry.get("file")
    if not isinstance(base, str) or not isinstance(path, str) or not path:
        raise _wrong(owner, "file")
    return Remote(
        name=path.rsplit("/", 1)[-1],
        address=base + quote(path),
        max_bytes=limit,
        expected_bytes=entry.get("bytes"),
        sha256=entry.get("sha256"),
        git_blob=entry.get("git_blob"),
        md5=entry.get("md5"),
    )


def _wrong(owner: str, key: str) -> ModelFileError:
    return ModelFileError(N_("The entry {model} in the catalogue has no valid `{key}`."), model=owner, key=key)
