"""A head that was learnt, on its backbone → a model folder: written whole, looked at once, described and measured."""

import hashlib
import json
from collections import defaultdict
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from lib.catalogue.store import Store
from lib.catalogue.trial import trials_of
from lib.classify.infer import pixels_needed
from lib.classify.litert import LiteRTClassifier
from lib.classify.novelty import nearness
from lib.classify.outputs import softmax
from lib.datasets.labelled import LabelledPhotos
from lib.datasets.matching import How, Matching
from lib.errors import ModelFileError, PhotoError
from lib.evaluation.answers import Answers, Scores
from lib.evaluation.evaluate import ModelFigures, assess
from lib.evaluation.novelty import LOST, prices
from lib.formats.graft import graft
from lib.messages import N_
from lib.model import writing
from lib.model.spec import MEANS, ModelFolder, ModelSpec, Novelty, OutputSpec, Published, load
from lib.photos.opening import open_photo
from lib.results import VerdictKind
from lib.training import card
from lib.training.discriminant import Floats, Rows
from lib.training.features import Backbone
from lib.training.heads import By, Fitted, Head, log_losses, sureness
from lib.training.launch import reserve_model
from lib.training.package import NEIGHBOURS, folder_for, id_in, labels_of, metrics_of
from lib.training.reading import Read
from lib.verdict import Thresholds, judge
from lib.work.files import disk_error
from lib.work.locks import locked

FAMILY = "Yours"
KIND = "transfer"  # of `[source]`
MOST_NEIGHBOUR_BYTES = 32 * 2**20  # of rows: 3,000 photos in quarters, 13,000 as one
FEWEST_TO_CALIBRATE = 50  # held-out photos; with fewer their temperature is no better known than that of the folds
_FEWEST_TO_PRICE = 20  # clear held-out photos: with fewer, one photo is more than a step of what is said
_MOST_SHIFT = 0.02  # of a probability: rows are kept as float16, the file computes in float32


@dataclass(frozen=True, eq=False)
class Made:
    """What a model folder is made of.

    Attributes:
        backbone: Below the head.
        seen: The photos that were learnt from.
        fitted: What was learnt.
        held_out: Photos to measure on; None: those that were learnt from, left out in turn.
    """

    backbone: Backbone
    seen: Read
    fitted: Fitted
    held_out: Read | None

    def save(self, store: Store, name: str, place: str | Path | None) -> tuple[ModelFolder, dict[str, Any]]:
        """Write the model, and return its folder and what its `metrics.json` holds.

        Args:
            store: Where the models are.
            name: Of the model, for people.
            place: The id of a user's own model whose place it takes; a folder outside the store; or None for a new
                model of the store, called after `name`.

        Raises:
            ModelFileError: The finished file does not answer as its parts do.
            DownloadError: The disk refuses.
        """
        with ExitStack() as held:
            try:
                target = _target(held, store, name, place)
                with folder_for(target) as files:
                    metrics = self._write(files, id_in(target, name), name)
                    folder = load(files)
                    self._check(folder)
                folder = replace(folder, path=target)
                if store.has_place(target):
                    trials_of(store.data).vouch(folder)
            except OSError as error:
                raise disk_error(error, name) from error
        return folder, metrics

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """Return the names of the K classes that were learnt."""
        every = labels_of(self.seen.photos)
        return tuple(every[label] for label in self.fitted.known)

    @cached_property
    def head(self) -> Head:
        """Return the head with the temperature of the held-out photos, where that clearly lowers their log-loss.

        Whether it does is told by temperatures of either half of the photos on the other one.
        """
        head = self.fitted.head
        if self._judged is None or len(self._judged.features) < FEWEST_TO_CALIBRATE:
            return head
        logits = head.logits(self._rows(self._judged))
        labels = np.searchsorted(self.fitted.known, self._judged.labels)
        gains = np.empty(len(labels))
        for half in (0, 1):
            own, other = np.arange(half, len(labels), 2), np.arange(1 - half, len(labels), 2)
            factor = sureness(logits[other], labels[other])
            gains[own] = log_losses(logits[own], labels[own]) - log_losses(factor * logits[own], labels[own])
        helps = gains.mean() > gains.std(ddof=1) / np.sqrt(len(gains))
        return head.hotter(sureness(logits, labels)) if helps else head

    @cached_property
    def _judged(self) -> Read | None:
        """Return the held-out photos of classes that were learnt; None if there are none."""
        if self.held_out is None:
            return None
        known = np.isin(self.held_out.labels, self.fitted.known)
        return self.held_out.only(np.flatnonzero(known).tolist()) if known.any() else None

    def _rows(self, read: Read) -> Rows:
        return np.stack([each.rows[self.fitted.head.kind.view] for each in read.features]).astype(np.float32)

    def _write(self, files: Path, model_id: str, name: str) -> dict[str, Any]:
        below, kind, spec = self.backbone.folder.spec, self.head.kind, self._spec(model_id, name)
        file = f"{below.id}/{below.weights}"
        content = graft(
            self.backbone.content, self.head.weight, self.head.bias, kind.pooling, spec.input.size_wh, file
        )  # fmt: skip
        (files / spec.weights).write_bytes(content)
        (files / spec.labels).write_text("".join(f"{label}\n" for label in self.labels), encoding="utf-8")
        np.save(files / MEANS, self.fitted.means)
        self._write_neighbours(files / NEIGHBOURS)
        by, figures = self._figures(spec)
        metrics = self._metrics(spec, by, figures)
        source = {**spec.source, "weights_sha256": hashlib.sha256(content).hexdigest()}
        spec = replace(spec, source=source, novelty=self._novelty(), published=_published(metrics))
        record = None if figures is None else figures.by_itself.record(by, is_unseen=True)
        writing.write(files, replace(spec, track_record=record))
        (files / "metrics.json").write_text(json.dumps(metrics, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        (files / card.CARD).write_text(self._card(spec), encoding="utf-8")
        if metrics["photos"]:
            card.update_folder(files)
        return metrics

    def _spec(self, model_id: str, name: str) -> ModelSpec:
        below, kind = self.backbone.folder.spec, self.head.kind
        return ModelSpec(
            id=model_id,
            name=name,
            family=FAMILY,
            runtime=below.runtime,
            weights="model.tflite",
            labels="labels.txt",
            licence=f"Yours: the last layer, learnt from your own photos; the layers below: {below.licence}",
            input=self.backbone.input(kind.look),
            output=OutputSpec(len(self.labels)),
            source={"kind": KIND, "backbone": below.id, "pooling": str(kind.pooling), "mirrored": kind.is_mirrored},
            description=f"Learnt from {len(self.seen.features)} photos on the features of {below.name}.",
        )

    def _write_neighbours(self, file: Path) -> None:
        """Write rows, digests and classes of the photos that were learnt from; of very many, evenly fewer."""
        rows = [features.rows[self.head.kind.view] for features in self.seen.features]
        most = max(MOST_NEIGHBOUR_BYTES // rows[0].nbytes, 1)
        chosen = np.unique(np.linspace(0, len(rows) - 1, min(most, len(rows))).astype(np.int64))
        np.savez(
            file,
            rows=np.stack([rows[k] for k in chosen]),
            digests=np.array([self.seen.digests[k] for k in chosen], dtype="S64"),
            labels=np.searchsorted(self.fitted.known, self.seen.labels[chosen]).astype(np.uint16),
        )

    def _metrics(self, spec: ModelSpec, by: By, figures: ModelFigures | None) -> dict[str, Any]:
        about = {
            "by": by,
            "training_photos": len(self.seen.features),
            "skipped_photos": len(self.seen.photos.skipped),
            "recipe": {
                **{key: value for key, value in spec.source.items() if key != "kind"},
                "look": self.head.kind.look,
                "is_calibrated": self.head is not self.fitted.head,
                "said": [str(message) for message in self.fitted.said],
            },
        }
        if figures is None:
            return {"photos": 0, "top1": None, "classes": list(self.labels), **about}
        return {**metrics_of(figures), **about}

    def _figures(self, spec: ModelSpec) -> tuple[By, ModelFigures | None]:
        """Return how the model is measured, and how good it is; None where no photo can be left out."""
        by, photos, probabilities, familiar = self._measured()
        if not photos.photos:
            return by, None
        count, threshold = len(self.labels), self.fitted.threshold
        same = Matching(self.labels, tuple((index,) for index in range(count)), (How.NAME,) * count)
        scores = None if threshold is None else Scores("class-mean", familiar, round(threshold, 4), False)
        answers = Answers(spec.id, spec.name, self.labels, self.labels, probabilities, scores=scores)
        return by, assess(photos, [(answers, same)], Thresholds()).models[0]

    def _measured(self) -> tuple[By, LabelledPhotos, Floats, Floats]:
        """Return how the model is measured, on which photos, in its own classes, and what is said of each: its
        probabilities, and its cosine to the nearest class mean, of which it is no part.

        No photo at all where some class has only one.
        """
        if self._judged is not None:
            rows = self._rows(self._judged)
            answers = softmax(self.head.logits(rows))
            return "held out", self._in_own_classes(self._judged.photos), answers, nearness(rows, self.fitted.means)
        left_out = self.fitted.out_of_fold[:, list(self.fitted.known)]
        judged = np.flatnonzero(np.isfinite(left_out[:, 0])) if self.fitted.accuracy else np.array([], np.int64)
        photos = self._in_own_classes(self.seen.photos)
        familiar = left_out_nearness(self._rows(self.seen), photos, len(self.labels))
        own = self._in_own_classes(self.seen.only(judged.tolist()).photos)
        return self.fitted.by, own, left_out[judged], familiar[judged]

    def _in_own_classes(self, photos: LabelledPhotos) -> LabelledPhotos:
        place = {label: k for k, label in enumerate(self.fitted.known)}
        moved = tuple(replace(photo, label=place[photo.label]) for photo in photos.photos)
        return replace(photos, classes=self.labels, titles=self.labels, photos=moved)

    def _novelty(self) -> Novelty | None:
        """Return the threshold, and which share of clear answers it keeps: of held-out photos where there are some."""
        threshold = self.fitted.threshold
        if threshold is None:
            return None
        count, kept, other = len(self.seen.features), 1 - LOST, None
        measured = f"the {LOST:.0%} quantile of {count} training photos' cosines to the mean of their class's others"
        if self._judged is not None:
            rows = self._rows(self._judged)
            kinds = [judge(each, self.labels).kind for each in softmax(self.head.logits(rows))]
            clear = np.array([kind is VerdictKind.CLEAR for kind in kinds])
            if clear.any():
                scores = nearness(rows[clear], self.fitted.means)
                kept = float((scores >= threshold).mean())
                other = prices(scores, ()) if len(scores) >= _FEWEST_TO_PRICE else None
                measured += f"; known_kept: of {int(clear.sum())} clear held-out photos"
        return Novelty("class-mean", round(threshold, 4), round(kept, 4), measured, prices=other)

    def _card(self, spec: ModelSpec) -> str:
        below = self.backbone.folder.spec
        counts = [int((self.seen.labels == label).sum()) for label in self.fitted.known]
        shown = ", ".join(f"{label} ({count})" for label, count in zip(self.labels, counts, strict=True))
        lines = [
            f"# {_plain(spec.name)}",
            "",
            f"A head of our own, found by shrinkage linear discriminant analysis, on the features of {below.name} "
            f"(`{below.id}`, {below.licence}), which stay as they are. Photos learnt from: {_plain(shown)}.",
            "",
            *(f"- {message}" for message in self.fitted.said),
        ]
        return "\n".join(lines).rstrip() + "\n"

    def _check(self, folder: ModelFolder) -> None:
        """Let the finished file look at a photo, the app's way: it must say what the head says of the photo's row.

        Where only features of photos are left, any other picture will do.
        """
        classifier, view = LiteRTClassifier(folder, workers=1), self.head.kind.view
        source, row = self.seen.photos.photos[0].source, self._rows(self.seen.only([0]))
        try:
            image = open_photo(source.read(), source.name, at_least=pixels_needed(classifier))
        except PhotoError:
            image = Image.linear_gradient("L").resize(folder.spec.input.size_wh).convert("RGB")
            row = self.backbone.read(image, (view.pose,)).rows[view][np.newaxis].astype(np.float32)
        found = classifier.run(classifier.prepare(image)).probabilities
        if np.abs(found - softmax(self.head.logits(row))[0]).max() > _MOST_SHIFT:
            text = N_("{model} cannot be made on this computer: its file answers otherwise than it should.")
            raise ModelFileError(text, model=folder.spec.id)


def left_out_nearness(rows: Rows, photos: LabelledPhotos, classes: int) -> Floats:
    """Return the cosine of each photo to the nearest class mean, itself and its near-duplicates left out of their own.

    Args:
        rows: Shape (N, D).
        photos: N photos; the labels are those of the means.
        classes: K.
    """
    real, labels = rows.astype(np.float64), np.array([photo.label for photo in photos.photos])
    marks = [
        (photo.label, f"photo {k}" if photo.group is None else photo.group) for k, photo in enumerate(photos.photos)
    ]
    totals = np.stack([real[labels == label].sum(axis=0) for label in range(classes)])
    cosines = np.stack([nearness(real, total[np.newaxis]) for total in totals], axis=1)
    alike = defaultdict(list)
    for place, mark in enumerate(marks):
        alike[mark].append(place)
    for (label, _), together in alike.items():
        own = totals[label] - real[together].sum(axis=0)
        cosines[together, label] = nearness(real[together], own[np.newaxis])
    return np.asarray(cosines.max(axis=1))


def _target(held: ExitStack, store: Store, name: str, place: str | Path | None) -> Path:
    """Return the folder to write; nobody else writes it while `held` is, if it is one of the store."""
    match place:
        case None:
            return reserve_model(held, store, name)
        case Path():
            return place.resolve()
        case _:
            held.enter_context(locked(store.data / "locks" / f"model-{place}.lock"))
            return store.models / place


def _published(metrics: dict[str, Any]) -> Published | None:
    if not metrics["photos"]:
        return None
    which = "validation photos" if metrics["by"] == "held out" else "training photos, each left out of what it is asked"
    source = f"measured on {metrics['photos']} {which}"
    return Published(source, round(metrics["top1"], 4), round(metrics["top5"], 4))


def _plain(text: str) -> str:
    """Return names from outside without what Markdown or HTML would take for more than text, on one line."""
    return " ".join("".join(c if c.isalnum() or c in " .,()'-" else " " for c in text).split())
