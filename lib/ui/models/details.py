"""Everything about one model, as the HTML of a dialog."""

import re
from html import escape

from lib.catalogue import packaged
from lib.catalogue.finding import known_names
from lib.catalogue.store import Entry, State
from lib.face import track_record
from lib.face.names import short
from lib.ui.models import words
from lib.ui.models.markup import icon, tag
from lib.ui.models.shelf import Shelf, press, said, size
from lib.work.files import size_words

_COMMAND = re.compile(r"pip install [!-~ ]*[!-~]")
_CROSS = icon("M6 6l12 12M18 6L6 18")


def details(shelf: Shelf, entry: Entry) -> str:
    """Return the dialog about a model."""
    t = shelf.t
    name = tag("h2", entry.spec.name, id="m-name", tabindex="-1", autofocus="")
    back = shelf.address.but().link
    close = tag("a", "", "btn bare m-close", _CROSS, href=back, data_close="", aria_label=t("Close"))
    purpose = tag("p", words.purpose(t, entry))
    facts = "".join(tag("dt", head) + tag("dd", told) for head, told in _facts(shelf, entry))
    return (
        f'<dialog class="m-details" aria-labelledby="m-name">{name}{close}{purpose}{said(shelf)}'
        f"{_get(shelf, entry)}<dl>{facts}</dl>{_counted(shelf, entry)}{_classes(shelf, entry)}"
        f"{_delete(shelf, entry)}</dialog>"
    )


def with_code(text: str) -> str:
    """Return a sentence as HTML; a command in it is code, which one click selects."""
    html, end = "", 0
    for found in _COMMAND.finditer(text):
        html += escape(text[end : found.start()]) + tag("code", found[0])
        end = found.end()
    return html + escape(text[end:])


def _get(shelf: Shelf, entry: Entry) -> str:
    """Return the button that uses or fetches it, and what is to be known before."""
    t = shelf.t
    if entry.problem is not None:
        return f"<p>{with_code(t.message(entry.problem.message))}</p>"
    notes = []
    if not shelf.is_host:
        return press(shelf, entry)
    if entry.state is State.DOWNLOADABLE:
        notes.append(t("It is downloaded once, checked, and then works without internet. Nothing is sent."))
    if entry.is_packed:
        notes.append(t("It is packed in an archive, so the download can be several times larger than the model."))
    return press(shelf, entry) + "".join(tag("p", note, "small soft") for note in notes)


def _facts(shelf: Shelf, entry: Entry) -> list[tuple[str, str]]:
    """Return what is known of a model: heads, and what stands beside them."""
    t, spec = shelf.t, entry.spec
    width, height = spec.input.size_wh
    ms = shelf.speeds.get(spec.id)
    facts = [
        (t("State"), t("ready, works without internet") if entry.state is State.READY else ""),
        (t("Knows"), t("{n} things", n=spec.output.classes)),
        (t("Size"), size(t, entry)),
        (t("Right answers"), _figures(shelf, entry)),
        (t("Source"), "" if spec.published is None else words.source(t, spec.published.source)),
        (t("Parameters"), words.parameters(t, spec.published)),
        (t("Speed"), "" if ms is None else t("{n} ms a photo, measured on this computer", n=f"{ms:.0f}")),
        (t("Input size"), t("{width} × {height} pixels", width=width, height=height)),
        (t("Licence"), spec.licence),
        (t("Comes from"), _origin(shelf, entry)),
        (t("ID"), spec.id),
    ]
    return [(head, told) for head, told in facts if told]


def _figures(shelf: Shelf, entry: Entry) -> str:
    t, published = shelf.t, entry.spec.published
    if published is None or published.top1 is None:
        return t("no published figure")
    told = [f"{words.right(t, entry, published.top1)} (Top-1)"]
    if published.top5 is not None:
        told.append(t("{share} among its first five answers (Top-5)", share=f"{published.top5:.1%}"))
    return " · ".join(told)


def _origin(shelf: Shelf, entry: Entry) -> str:
    t = shelf.t
    if entry.address:
        return entry.address
    if entry.kind == "yours":
        return t("this computer: it is your own")
    if entry.spec.source.get("kind") == packaged.KIND and "package" in entry.spec.source:
        return t("the Python package {package}", package=str(entry.spec.source["package"]).partition("==")[0])
    return t("this app")


def _classes(shelf: Shelf, entry: Entry) -> str:
    """Return the names of what a model knows, folded; that they come with the download, where they do."""
    t, names = shelf.t, known_names(entry, shelf.t.language)
    if names is None:
        return tag("p", t("Their names come with the download."), "small soft")
    shown = "".join(tag("li", short(name)) for name in names)
    summary = tag("summary", t("What it knows: {n} things", n=len(names)))
    return f'<details class="m-knows">{summary}<ul>{shown}</ul></details>'


def _counted(shelf: Shelf, entry: Entry) -> str:
    """Return how often its answers were right, folded; or that nobody has counted, with a link to do so."""
    t, record = shelf.t, entry.spec.track_record
    if record is None:
        link = tag("a", t("Count it"), href=track_record.to_count(entry.spec.id))
        told = escape(t("Nobody has counted yet how often it is right."))
        return tag("p", "", "small soft", f"{told} {link}") if entry.state is State.READY else ""
    told = track_record.summary(t, record)
    note = t("Counted on {photos}. Verdicts by the default settings.", photos=words.measured(t, record.measured))
    inside = track_record.table(t, record) + tag("p", note, "small soft")
    return f'<details class="m-counted">{tag("summary", told)}{inside}</details>'


def _delete(shelf: Shelf, entry: Entry) -> str:
    """Return the question whether to delete, folded, with what that costs; "" for a model that stays."""
    if not entry.is_removable:
        return ""
    t = shelf.t
    if not shelf.is_host:
        return tag("p", t("In a class only the teacher can delete models."), "small soft")
    if entry.kind == "yours":
        cost = t("It is your own model. It will be gone for good, for everybody who uses this computer.")
    else:
        cost = t(
            "This frees {size}. It can be downloaded again. Whoever uses it now has to download it, too.",
            size=size_words(entry.size_bytes or 0),
        )
    button = tag("button", t("Delete it"), "btn m-delete", data_do="delete", data_model=entry.spec.id)
    summary = tag("summary", t("Delete this model …"))
    return f'<details class="m-away">{summary}{tag("p", cost)}<p>{button}</p></details>'
