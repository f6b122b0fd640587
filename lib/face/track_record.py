"""How often answers like the one on the page were right, in one line below the verdict; the words stand here alone."""

from html import escape
from urllib.parse import urlencode

from lib.evaluation.shares import share, with_interval
from lib.evaluation.verdicts import FEWEST_FOR_PERCENT, KIND_NAMES
from lib.i18n import Translator
from lib.model.spec import ModelSpec, TrackRecord
from lib.results import AnswerKind, Classification
from lib.verdict import RATIO, answer_kind, default_floor

_OUT_OF = 100  # answers, where there are as many


def line(t: Translator, found: Classification, spec: ModelSpec) -> str:
    """Return the line as HTML; that nobody has counted, with a link to do so, where that is so.

    It is "" for answers that nobody counts: those by other thresholds than the defaults, and those of a model that
    looks at another part of the photo than it does by itself.

    Args:
        t: The reader's language.
        found: What the model says of a photo.
        spec: The model, as it looks at photos by itself.
    """
    if not _is_by_default(found, spec):
        return ""
    record = spec.track_record
    if record is None:
        told, count = escape(t("Nobody has counted yet how often it is right.")), escape(t("Count it"))
        return f'<p class="track">{told} <a class="link" href="{escape(to_count(spec.id))}">{count}</a></p>'
    kind = answer_kind(found.verdict, found.group, found.familiarity)
    told, on = escape(of_kind(t, record, kind)), escape(photos(t, record))
    return f'<p class="track" title="{told} {on}">{told} <span class="of">{on}</span></p>'


def to_count(model: str) -> str:
    """Return the address of the page where a model's answers can be counted on photos of one's own."""
    return f"/compare?{urlencode({'show': 'labelled', 'models': model})}"


def of_kind(t: Translator, record: TrackRecord, kind: AnswerKind) -> str:
    """Return in a sentence how often answers of a kind were right: of 100, or of as many as there were."""
    if kind not in record.kinds:
        return t("There was no answer like this one")
    tally = record.kinds[kind]
    of = min(tally.count, _OUT_OF)
    values = {"of": of, "n": _scaled(tally.right, tally.count, of)}
    if kind is AnswerKind.UNFAMILIAR:
        return t("Of {of} known things that looked unfamiliar, the nearest class was right {n} times", **values)
    if of < _OUT_OF:
        return t("Right on answers like this one: {n} of {of}", **values)
    match kind:
        case AnswerKind.CLEAR:
            return t("Of {of} clear answers like this one, {n} were right", **values)
        case AnswerKind.CLOSE:
            return t("Of {of} answers as close as this one, the first was right {n} times", **values)
        case AnswerKind.WEAK:
            return t("Of {of} answers as unsure as this one, {n} were right", **values)
        case AnswerKind.NONE:
            return t("Of {of} answers where no class stood out, the first was right {n} times", **values)
        case AnswerKind.GROUP:
            return t("Of {of} groups named like this one, {n} were right", **values)


def summary(t: Translator, record: TrackRecord) -> str:
    """Return how often clear answers were right, where no answer is on the page."""
    tally = record.kinds.get(AnswerKind.CLEAR)
    if tally is None:
        told = t("It gave no clear answer")
        return f"{told} {photos(t, record)}"
    of = min(tally.count, _OUT_OF)
    told = t("Of {of} clear answers, {n} were right", of=of, n=_scaled(tally.right, tally.count, of))
    return f"{told} {photos(t, record)}"


def table(t: Translator, record: TrackRecord) -> str:
    """Return as HTML how often answers of every kind were right, with the 95% intervals."""
    rows = []
    for kind, tally in record.kinds.items():
        right = share(tally.right, tally.count)
        of = t("{n} of {total}", n=f"{tally.right:,}", total=f"{tally.count:,}")
        shown = t.message(with_interval(right)) if tally.count >= FEWEST_FOR_PERCENT else ""
        name = escape(t(KIND_NAMES[kind]))
        rows.append(f'<tr><th scope="row">{name}</th><td>{escape(of)}</td><td>{escape(shown)}</td></tr>')
    heads = "".join(f'<th scope="col">{escape(word)}</th>' for word in (t("Verdict"), t("Right"), t("95% interval")))
    return f'<table class="tally"><thead><tr>{heads}</tr></thead><tbody>{"".join(rows)}</tbody></table>'


def photos(t: Translator, record: TrackRecord) -> str:
    """Return in brackets on how many photos it was counted, and whether the model may have learned from them."""
    count, shown = record.photos, f"{record.photos:,}"
    if record.is_unseen:
        return t.plural("({shown} photo it had not seen)", "({shown} photos it had not seen)", count, shown=shown)
    return t.plural(
        "({shown} photo; it may have learned from it)",
        "({shown} photos; it may have learned from some)",
        count,
        shown=shown,
    )


def _is_by_default(found: Classification, spec: ModelSpec) -> bool:
    verdict, familiarity = found.verdict, found.familiarity
    own = None if spec.novelty is None else spec.novelty.threshold
    is_own = familiarity is None or familiarity.threshold == own
    floor = default_floor(verdict.classes)
    return (verdict.ratio, verdict.floor) == (RATIO, floor) and is_own and found.view in ("", spec.input.resize)


def _scaled(right: int, count: int, of: int) -> int:
    """Return how many of `of` are right where `right` of `count` are; all or none only where it is so."""
    if right in (0, count):
        return of if right else 0
    return min(max(round(of * right / count), 1), of - 1)
