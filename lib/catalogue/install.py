"""From an entry of the catalogue to a model folder: download, verify, unpack or convert, look at, describe, move.

Everything happens in a folder of its own beside the models, which is renamed into place at the end; whatever goes
wrong before leaves nothing behind.
"""

import json
import shutil
import threading
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from lib.catalogue import origins, transfer, unpack
from lib.catalogue.origins import Catalogue, LabelList, Origin, Remote
from lib.catalogue.transfer import Received
from lib.errors import Cancelled, DownloadError, ModelFileError
from lib.formats import first_look, from_keras
from lib.formats.first_look import Inspection
from lib.messages import N_, Message
from lib.model import writing
from lib.model.spec import ModelSpec, OutputSpec, parse_labels
from lib.work.files import data_error, replace_folder, sha256_of, whole, write_whole
from lib.work.locks import locked
from lib.work.progress import FetchReport, OnProgress, Progress, Stage

# What the class that is never shown is called in the label files that come with models.
_BACKGROUND_NAMES = frozenset({"background", "dummy"})


def lock_of(data: Path, name: str) -> Path:
    """Return the lock file called `name` of a data folder."""
    return data / "locks" / f"{name}.lock"


class Fetch:
    """One model being fetched; used once.

    Args:
        catalogue: The catalogue.
        spec: The model, as the catalogue describes it.
        data: The data folder.
        on_progress: Told of every step.
        cancelled: When set, it stops.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        spec: ModelSpec,
        data: Path,
        on_progress: OnProgress,
        cancelled: threading.Event,
    ) -> None:
        self._catalogue, self._spec, self._data = catalogue, spec, data
        self._records = data / "digests.json"  # of first downloads
        self._origin: Origin = catalogue.origins[spec.id]
        self._on_progress, self._cancelled = on_progress, cancelled
        self._mirror = origins.mirror()
        self._bytes = 0
        self._first_digests: dict[str, str] = {}
        self._made_with: dict[str, str] = {}

    def run(self) -> FetchReport:
        """Fetch the model. The caller holds the model's lock.

        Raises:
            DownloadError: A file did not arrive whole.
            Cancelled: It was asked to stop.
            ModelFileError: What arrived is not the model the catalogue describes.
        """
        start = time.monotonic()
        folder = self._data / "incoming" / self._spec.id
        shutil.rmtree(folder, ignore_errors=True)  # left by a process that was killed
        try:
            folder.mkdir(parents=True)
            received = self._fill(folder)
            self._record_first()
            self._move(folder)
        except OSError as error:
            raise data_error(error, self._spec.id) from error
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        seconds = time.monotonic() - start
        return FetchReport(
            self._spec.id,
            self._bytes,
            seconds,
            received.sha256,
            received.verified,
            self._summary(received, seconds),
        )

    def _fill(self, folder: Path) -> Received:
        """Put weights, labels and description into `folder`."""
        labels = self._labels(self._origin.labels) if self._origin.labels else None
        payload, head, remote = folder / "download", self._origin.head, self._origin.remote
        received = None
        if head is not None:
            from lib.catalogue import headed  # it takes a while to import, and few need it

            received = headed.from_here(head, remote, self._data / "models", payload)
        received = received or self._get(remote, payload)
        weights = folder / self._spec.weights
        packed_labels = folder / "packed.txt"
        match self._origin.kind:
            case "file" if head is not None:
                labels = headed.put(head, self._spec, payload, weights), "none"
                payload.unlink()
            case "file":
                payload.rename(weights)
            case "archive":
                self._step(Stage.CHECKING)
                unpack.extract(payload, self._origin.remote.name, weights, packed_labels)
                payload.unlink()
            case "keras":
                self._made_with = {"keras": self._convert(payload, weights)}
        self._step(Stage.CHECKING)
        found = first_look.inspect(weights, name=self._origin.remote.name, cancelled=self._cancelled)
        names, background = labels or self._choose_labels(found, packed_labels)
        packed_labels.unlink(missing_ok=True)
        spec = settle(self._spec, found, len(names), background, trust_file=self._origin.settle)
        (folder / spec.labels).write_text("\n".join(names) + "\n", encoding="utf-8")
        told = ("kind", "file", "application", "arguments", "backbone", "head")
        source = {
            **{k: v for k, v in self._spec.source.items() if k in told},
            **self._made_with,
            "address": transfer.without_password(self._origin.remote.url(self._mirror)),
            "sha256": received.sha256,
            "verified": received.verified,
            "weights_sha256": sha256_of(weights),
        }
        writing.write(folder, replace(spec, source=source))
        if head is not None:
            headed.test(head, folder)
        return received

    def _step(self, stage: Stage) -> None:
        if self._cancelled.is_set():
            raise Cancelled
        self._on_progress(Progress(stage))

    def _get(self, remote: Remote, target: Path, *, quiet: bool = False) -> Received:
        """Download and verify one file; against its first download where no digest is published."""

        def on_bytes(done: int, total: int | None) -> None:
            if not quiet:
                self._on_progress(Progress(Stage.DOWNLOADING, done, total or remote.expected_bytes))

        self._bytes += transfer.download(
            remote, target, model=self._spec.id, mirror=self._mirror, on_bytes=on_bytes, cancelled=self._cancelled
        )
        if not quiet:
            self._step(Stage.VERIFYING)
        received = transfer.verify(target, remote)
        if not remote.has_digest:
            self._compare_with_first(remote, received)
        return received

    def _compare_with_first(self, remote: Remote, received: Received) -> None:
        first = _read_records(self._records).get(remote.name)
        if first is None:
            self._first_digests[remote.name] = received.sha256
        elif first != received.sha256:
            raise DownloadError(
                N_(
                    "{file} has changed since it was first downloaded: its SHA-256 was {expected} and is now "
                    "{found}. It was not saved. To accept the new file, remove its line from {record}."
                ),
                file=remote.name,
                expected=first,
                found=received.sha256,
                record=self._records,
            )

    def _record_first(self) -> None:
        """Record digests of first downloads, now that the files have proved to be what was wanted."""
        if not self._first_digests:
            return
        with locked(lock_of(self._data, "digests")):
            records = {**self._first_digests, **_read_records(self._records)}
            write_whole(self._records, (json.dumps(records, indent=1, sort_keys=True) + "\n").encode())

    def _convert(self, payload: Path, weights: Path) -> str:
        """Let Keras load the downloaded weights from its own cache, and convert; one conversion at a time.

        Returns:
            Keras's version.
        """
        self._step(Stage.WAITING)
        keras = self._data / "keras"
        with locked(lock_of(self._data, "convert"), cancelled=self._cancelled):
            self._step(Stage.CONVERTING)
            cached = keras / "models" / self._origin.cached_as
            cached.parent.mkdir(parents=True, exist_ok=True)
            payload.replace(cached)
            try:
                return from_keras.convert(
                    self._origin.application,
                    self._origin.arguments or {},
                    self._spec.input.size_wh,
                    keras,
                    weights,
                    cancelled=self._cancelled,
                )
            finally:
                cached.unlink(missing_ok=True)

    def _choose_labels(self, found: Inspection, packed: Path) -> tuple[tuple[str, ...], str]:
        """Return labels for a model that came without a list of its own, and where their background stands."""
        if packed.is_file():
            names = parse_labels(packed.read_bytes(), errors="replace")
            if len(names) == found.units:
                return names, _find_background(names)
        if found.labels:
            return found.labels, _find_background(found.labels)
        shared = self._catalogue.labels.get(f"imagenet-{found.units}")
        if shared is None:
            raise ModelFileError(
                N_("{model} has {units} outputs but no labels, so its classes have no names."),
                model=self._spec.id,
                units=found.units,
            )
        return self._labels(shared)

    def _labels(self, shared: LabelList) -> tuple[tuple[str, ...], str]:
        """Return a shared list's names, downloading it the first time, and where its background stands."""
        kept = self._data / "labels" / shared.remote.name
        with locked(lock_of(self._data, f"labels-{shared.remote.name}"), cancelled=self._cancelled):
            if not _is_intact(kept, shared.remote):
                kept.parent.mkdir(parents=True, exist_ok=True)
                with whole(kept) as temporary:
                    self._get(shared.remote, temporary, quiet=True)
            content = kept.read_bytes()
        if shared.remote.name.endswith(".json"):
            return _keras_names(content, shared.remote.name), shared.background
        return parse_labels(content, errors="replace"), shared.background

    def _move(self, folder: Path) -> None:
        target = self._data / "models" / self._spec.id
        target.parent.mkdir(parents=True, exist_ok=True)
        if self._cancelled.is_set():
            raise Cancelled
        replace_folder(folder, target)  # only a damaged one can be there

    def _summary(self, received: Received, seconds: float) -> Message:
        values = {
            "model": self._spec.name,
            "megabytes": f"{self._bytes / 1e6:.1f}",
            "seconds": f"{seconds:.1f}",
            "sha256": received.sha256,
        }
        if not self._bytes:
            return Message(N_("{model} is ready. Its network was here already."), {"model": self._spec.name})
        if received.verified:
            text = N_(
                "{model} is ready. Downloaded {megabytes} MB in {seconds} s. The file matches its published checksum."
            )
        else:
            text = N_(
                "{model} is ready. Downloaded {megabytes} MB in {seconds} s. There is no published checksum "
                "to compare it with. Its SHA-256 is {sha256}, and later downloads must match it."
            )
        return Message(text, values)


def already_here(spec: ModelSpec) -> FetchReport:
    """Return the report for a model that was ready before."""
    return FetchReport(spec.id, 0, 0.0, "", True, Message(N_("{model} is already available."), {"model": spec.name}))


def settle(spec: ModelSpec, found: Inspection, names: int, background: str, *, trust_file: bool) -> ModelSpec:
    """Return the model's description as its file bears it out.

    Args:
        spec: As the catalogue has it.
        found: What the file says of itself.
        names: Lines of its label file.
        background: Where the background stands in that.
        trust_file: Nobody had looked at the file when the catalogue was written: its size, background and activation
            are taken from it. Otherwise they must agree.

    Raises:
        ModelFileError: File, labels and catalogue contradict each other.
    """
    if found.units != names:
        raise ModelFileError(
            N_("{model} has {units} outputs, but its label file has {names} names."),
            model=spec.id,
            units=found.units,
            names=names,
        )
    settled = replace(
        spec,
        input=replace(spec.input, size_wh=found.size_wh, range=found.input.bounds or spec.input.range),
        output=OutputSpec(
            classes=names - (background != "none"),
            background=background,
            activation="softmax" if found.looks_like_probabilities else "logits",
        ),
    )
    if not trust_file and (settled.input.size_wh, settled.output) != (spec.input.size_wh, spec.output):
        raise ModelFileError(
            N_(
                "{model} does not match the catalogue: its input is {size} and its output {output}. Expected: "
                "{expected}."
            ),
            model=spec.id,
            size=settled.input.size_wh,
            output=settled.output,
            expected=(spec.input.size_wh, spec.output),
        )
    return settled


def _find_background(names: tuple[str, ...]) -> str:
    if names[0].lower() in _BACKGROUND_NAMES:
        return "first"
    return "last" if names[-1].lower() in _BACKGROUND_NAMES else "none"


def _keras_names(content: bytes, file: str) -> tuple[str, ...]:
    """Return the names in Keras's class index: {"0": ["n01440764", "tench"], …}."""
    try:
        table = json.loads(content)
        return tuple(str(table[str(i)][1]) for i in range(len(table)))
    except (ValueError, KeyError, IndexError, TypeError) as error:
        raise ModelFileError(N_("{file} is not the Keras list of classes."), file=file) from error


def _is_intact(path: Path, remote: Remote) -> bool:
    with suppress(FileNotFoundError, DownloadError):
        transfer.verify(path, remote)
        return True
    return False


def _read_records(path: Path) -> dict[str, str]:
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise DownloadError(N_("{file} is damaged. Delete it and try again."), file=path) from error
    return {str(k): str(v) for k, v in table.items()} if isinstance(table, dict) else {}
