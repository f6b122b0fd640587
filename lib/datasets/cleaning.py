"""What is wrong with a set of photos, said in sentences; nothing is deleted.

Every file that cannot be decoded with its reason, copies, photos that are nearly the same, the same photo in two
classes, too few photos, classes of very different sizes. And a lesson: the Keras example "Image classification from
scratch" deletes every file without "JFIF" at its beginning (`tf.compat.as_bytes("JFIF") in fobj.peek(10)`), which
throws away healthy photos and keeps broken ones.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from lib.datasets.duplicates import ONE_PHOTO_WITHIN, Trace, groups
from lib.datasets.fingerprint import Fingerprint, fingerprints
from lib.datasets.labelled import LabelledPhotos
from lib.messages import N_, Listed, Message
from lib.photos.source import Skipped

# Fewer photos of a class are few: on hands and flowers ten a class gave 0.88 and less where thirty gave 0.95.
FEW = 10
# A class with so many times as many photos as another is said to be larger.
UNEVEN = 3.0
_MOST_NAMED = 5
_MOST_PAIRS = 1000
_FINE = N_(
    "A well-known example keeps a file only if it begins with the letters “JFIF”. With your {files} files that would "
    "do no harm: all healthy photos have them, and no broken file has."
)


@dataclass(frozen=True, slots=True)
class Checked:
    """A photo that was looked at.

    Attributes:
        name: What its owner calls it.
        label: Position of its class; None for a file of no class.
        seen: What was noted of it.
    """

    name: str
    label: int | None
    seen: Fingerprint


@dataclass(frozen=True, slots=True)
class Lesson:
    """What the rule of the Keras example does to these files, beside decoding each of them.

    Attributes:
        files: How many there are.
        lost: Names of healthy photos that it would delete.
        kept: Names of broken files that it would keep.
        rightly: How many broken files both leave out.
    """

    files: int
    lost: tuple[str, ...]
    kept: tuple[str, ...]
    rightly: int

    def said(self) -> tuple[Message, ...]:
        """Return it in sentences."""
        if not self.lost and not self.kept:
            return (Message(_FINE, {"files": self.files}),)
        rule = Message(
            N_(
                "A well-known example keeps a file only if it begins with the letters “JFIF”. Of your {files} files it "
                "would delete {lost} healthy photos, and keep {kept} that cannot be opened."
            ),
            {"files": self.files, "lost": len(self.lost), "kept": len(self.kept)},
        )
        ours = Message(
            N_("Here each file is opened to see if it is a photo. That finds all {broken} that cannot be opened."),
            {"broken": self.rightly + len(self.kept)},
        )
        return rule, ours


@dataclass(frozen=True)
class Cleaning:
    """What was found.

    Attributes:
        classes: Names of the classes.
        photos: Everything that was looked at.
        left_out: The files that had been left out before, for they are no photos.
    """

    classes: tuple[str, ...]
    photos: tuple[Checked, ...]
    left_out: tuple[Skipped, ...] = ()

    @cached_property
    def broken(self) -> tuple[Skipped, ...]:
        """Return every file that cannot be used, with its reason."""
        undecodable = (Skipped(one.name, one.seen.problem) for one in self.photos if one.seen.problem is not None)
        return (*self.left_out, *undecodable)

    @cached_property
    def healthy(self) -> tuple[Checked, ...]:
        """Return the photos that can be used."""
        return tuple(one for one in self.photos if one.seen.problem is None and one.label is not None)

    @cached_property
    def copies(self) -> tuple[tuple[Checked, ...], ...]:
        """Return the photos of one class whose very bytes are the same, group by group."""
        return tuple(group for group in self._same() if len({one.label for one in group}) == 1)

    @cached_property
    def in_two_classes(self) -> tuple[tuple[Checked, ...], ...]:
        """Return the photos whose very bytes are in several classes, group by group."""
        return tuple(group for group in self._same() if len({one.label for one in group}) > 1)

    def _same(self) -> list[tuple[Checked, ...]]:
        by_digest: defaultdict[str, list[Checked]] = defaultdict(list)
        for one in self.healthy:
            by_digest[one.seen.digest].append(one)
        return [tuple(group) for group in by_digest.values() if len(group) > 1]

    @cached_property
    def alike(self) -> tuple[tuple[Checked, ...], ...]:
        """Return the photos of one class that are nearly the same, copies included, group by group."""
        traces = [Trace(one.label or 0, one.seen.digest, one.seen.phash) for one in self.healthy]
        return tuple(tuple(self.healthy[place] for place in group) for group in groups(traces) if len(group) > 1)

    @cached_property
    def alike_in_two_classes(self) -> tuple[tuple[Checked, Checked], ...]:
        """Return pairs in different classes that are one photo, saved anew or scaled; 1000 at most."""
        known = [one for one in self.healthy if one.seen.phash is not None]
        hashes = np.array([one.seen.phash for one in known], np.uint64)
        labels = np.array([one.label for one in known])
        pairs = []
        for place, one in enumerate(known):
            near = (np.bitwise_count(hashes[place:] ^ hashes[place]) <= ONE_PHOTO_WITHIN) & (
                labels[place:] != labels[place]
            )
            others = [known[place + offset] for offset in np.flatnonzero(near)]
            pairs += [(one, other) for other in others if one.seen.digest != other.seen.digest]
        return tuple(pairs)

    @cached_property
    def counts(self) -> tuple[int, ...]:
        """Return the number of photos of each class that can be used, copies not counted."""
        different = {(one.label, one.seen.digest) for one in self.healthy}
        of_class = Counter(label for label, _ in different)
        return tuple(of_class[label] for label in range(len(self.classes)))

    @cached_property
    def lesson(self) -> Lesson:
        """Return what the rule of the Keras example would have done."""
        lost = tuple(one.name for one in self.photos if one.seen.problem is None and not one.seen.is_jfif)
        kept = tuple(one.name for one in self.photos if one.seen.problem is not None and one.seen.is_jfif)
        return Lesson(len(self.photos) + len(self.left_out), lost, kept, len(self.broken) - len(kept))

    def said(self) -> tuple[Message, ...]:
        """Return what its owner should know, the weightiest first; nothing if all is well."""
        return (*self._of_broken(), *self._of_twins(), *self._of_numbers(), *self._of_alike())

    def _of_broken(self) -> list[Message]:
        if not self.broken:
            return []
        text = N_("Files that cannot be used: {count}. Each is listed with its reason.")
        return [Message(text, {"count": len(self.broken)})]

    def _of_twins(self) -> list[Message]:
        said = []
        same = N_("The same photo is in two classes: {names}. Take it out of one of them.")
        near = N_("Nearly the same photo is in two classes: {names}. Check which class is right.")
        for text, found in ((same, self.in_two_classes), (near, self.alike_in_two_classes)):
            pairs = [f"{group[0].name} = {group[1].name}" for group in found[:_MOST_NAMED]]
            if pairs:
                more = ["…"] if len(found) > _MOST_NAMED else []
                said.append(Message(text, {"names": Listed((*pairs, *more))}))
        return said

    def _of_numbers(self) -> list[Message]:
        said = []
        if len(self.classes) == 1:
            text = N_("There is only one class. Add another one, so that there is something to tell apart.")
            said.append(Message(text))
        for name, count in zip(self.classes, self.counts, strict=True):
            if count < FEW:
                text = N_("Class {name} has only {count} photos. With {few} or more it is learnt better.")
                said.append(Message(text, {"name": name, "count": count, "few": FEW}))
        most, least = (choose(self.counts, default=0) for choose in (max, min))
        if least and most >= UNEVEN * least:
            text = N_(
                "Class {large} has {most} photos, class {small} only {least}. A model then answers {large} too often. "
                "Add photos of {small}."
            )
            large, small = (self.classes[self.counts.index(count)] for count in (most, least))
            said.append(Message(text, {"large": large, "most": most, "small": small, "least": least}))
        return said

    def _of_alike(self) -> list[Message]:
        said = []
        if self.copies:
            count = sum(len(group) - 1 for group in self.copies)
            said.append(Message(N_("Copies of photos: {count}. Each photo is counted once."), {"count": count}))
        groups_of_others = [group for group in self.alike if len({one.seen.digest for one in group}) > 1]
        if groups_of_others:
            count = sum(map(len, groups_of_others))
            text = N_(
                "Photos that are nearly the same: {count}, in {groups} groups. Each group stays together when photos "
                "are held out. Otherwise the accuracy would be too good to be true."
            )
            said.append(Message(text, {"count": count, "groups": len(groups_of_others)}))
        return said


def examine(photos: LabelledPhotos) -> Cleaning:
    """Look at every photo of a set, on all cores, and return what is wrong with it."""
    seen = fingerprints([photo.source for photo in photos.photos])
    checked = [Checked(one.source.name, one.label, at) for one, at in zip(photos.photos, seen, strict=True)]
    return Cleaning(photos.titles, tuple(checked), photos.skipped)
