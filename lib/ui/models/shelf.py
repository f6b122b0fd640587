"""The page Models as HTML: the few to begin with, and the table of all. Whatever comes from outside is escaped.

What can be pressed says what it does: `data-go` leads to another address of this page, `data-do` is done to the model
`data-model`. `lib/ui/web/models.js` tells the server, `lib.ui.models.page` does it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from urllib.parse import urlencode

from lib.catalogue.finding import ORDERS, Found, Order, knows_imagenet, look_for, recommend, unsearched
from lib.catalogue.store import Entry, State
from lib.face import track_record
from lib.face.names import short
from lib.i18n import Translator
from lib.messages import N_
from lib.results import AnswerKind
from lib.ui.models import words
from lib.ui.models.address import Address
from lib.ui.models.download import only_host
from lib.ui.models.markup import icon, strong, tag
from lib.work.files import size_words

MOST_ROWS = 12
_COLUMNS: dict[Order, str] = {
    "name": N_("Model"),
    "classes": N_("Things"),
    "size": N_("Size"),
    "accuracy": N_("Right on ImageNet"),
}
assert set(_COLUMNS) == set(ORDERS)


@dataclass(frozen=True, slots=True)
class Download:
    """How the download of a model stands.

    Attributes:
        words: What it is at, or how it ended; "" if there is nothing to say.
        share: How much is done, in [0, 1]; None if it does not go on.
        may_stop: Whether this visitor may stop it.
        has_failed: Whether it ended badly.
    """

    words: str = ""
    share: float | None = None
    may_stop: bool = False
    has_failed: bool = False


_NOTHING = Download()


@dataclass(frozen=True, slots=True)
class Shelf:
    """What the page shows.

    Attributes:
        t: The visitor's language.
        address: What is looked for.
        entries: All models.
        downloads: By model; those of which there is nothing to say are missing.
        speeds: Milliseconds a photo on this computer, by model, where they were measured.
        said: What is wrong with the visitor's last click, or with the address; "" for nothing.
        is_host: Whether the visitor may download and delete.
    """

    t: Translator
    address: Address
    entries: Sequence[Entry]
    downloads: Mapping[str, Download]
    speeds: Mapping[str, float]
    said: str = ""
    is_host: bool = True

    def download(self, entry: Entry) -> Download:
        """Return how a model's download stands."""
        return self.downloads.get(entry.spec.id, _NOTHING)

    def link(self, entry: Entry, name: str, css_class: str = "") -> str:
        """Return a link that opens a model's details."""
        return tag("a", name, css_class, href=self.address.but(model=entry.spec.id).link, data_go="")


def begin_with(shelf: Shelf) -> str:
    """Return the cards of the few models to begin with."""
    t, few = shelf.t, recommend(shelf.entries)
    cards = [
        (few.general, t("A good first choice"), _count),
        (few.everyday, t("Everyday things"), _count),
        (few.accurate, t("More accurate"), _accuracy),
        (few.birds, t("For bird watchers"), _count),
    ]
    shown = "".join(_card(shelf, entry, kind, figure(t, entry)) for entry, kind, figure in cards if entry is not None)
    return f'{said(shelf)}<ul class="m-few">{shown}</ul>'


def said(shelf: Shelf) -> str:
    """Return what is wrong with the last click."""
    return tag("p", shelf.said, "m-said", role="alert") if shelf.said else ""


def _count(t: Translator, entry: Entry) -> str:
    n = str(entry.spec.output.classes)
    return strong(t("{n} things", n=n), n)


def _accuracy(t: Translator, entry: Entry) -> str:
    share = f"{words.top1(entry) or 0:.0%}"
    return strong(t("{percent} right", percent=share), share)


def _card(shelf: Shelf, entry: Entry, kind: str, figure: str) -> str:
    t = shelf.t
    state = tag("span", t("ready"), "m-have") if entry.state is State.READY else ""
    facts = tag("div", "", "small soft", tag("span", size(t, entry)) + _sourced(t, entry))
    return (
        f'<li class="card m-card"><p class="m-figure"><span>{figure}</span>{state}</p><div>'
        f"{tag('p', kind, 'small soft')}<h2>{shelf.link(entry, entry.spec.name)}</h2>"
        f"{tag('p', words.purpose(t, entry), 'small')}{facts}{_counted(t, entry)}{press(shelf, entry)}</div></li>"
    )


def _counted(t: Translator, entry: Entry) -> str:
    """Return how often its clear answers were right; "" where nobody has counted."""
    record = entry.spec.track_record
    if record is None or AnswerKind.CLEAR not in record.kinds:
        return ""
    return tag("p", track_record.summary(t, record), "small soft")


def _sourced(t: Translator, entry: Entry) -> str:
    """Return the share of right answers, whose source opens under it; "" where it is unknown."""
    published, share = entry.spec.published, words.top1(entry)
    if published is None or share is None:
        return ""
    told = tag("summary", words.right(t, entry, share))
    source = tag("span", t("Source: {source}", source=words.source(t, published.source)), "card small")
    return f' · <details class="m-source">{told}{source}</details>'


def press(shelf: Shelf, entry: Entry) -> str:
    """Return what can be done with a model, or what it is busy with."""
    t, model, download = shelf.t, entry.spec.id, shelf.download(entry)
    if entry.state is State.READY:
        use = tag("button", t("Use it"), "btn main", data_do="use", data_model=model)
        query = urlencode({"model": model, "live": 1, "lang": t.language})
        return tag("p", "", inside=use + tag("a", t("Live"), "btn", _CAMERA, href=f"/?{query}"))
    if entry.state is State.INSTALLABLE:
        return tag("p", "", inside=shelf.link(entry, t("How to get it"), "btn"))
    if download.share is not None:
        return _progress(shelf, entry)
    if not shelf.is_host:
        return tag("p", only_host(t), "small soft")
    css_class = "small m-failed" if download.has_failed else "small soft"
    told = tag("p", download.words, css_class, role="status") if download.words else ""
    label = t("Download") if entry.size_bytes is None else t("Download {size}", size=size_words(entry.size_bytes))
    return told + tag("p", "", inside=tag("button", label, "btn", _ARROW, data_do="get", data_model=model))


_CAMERA = icon(
    "M4 8h3l1.6-2.4h6.8L17 8h3a1 1 0 0 1 1 1v9a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1V9a1 1 0 0 1 1-1z"
    "M12 16.4a3.4 3.4 0 1 0 0-6.8 3.4 3.4 0 0 0 0 6.8z"
)
_ARROW = icon("M12 4v11m-4.5-4.5L12 15l4.5-4.5M5 19.5h14")


def _progress(shelf: Shelf, entry: Entry) -> str:
    """Return the progress of a download, and the button that stops it for those who may."""
    t, download = shelf.t, shelf.download(entry)
    label = t("Download of {model}", model=entry.spec.name)
    bar = tag("progress", "", value=f"{download.share or 0:.3f}", aria_label=label)
    stop = tag("button", t("Cancel"), "btn", data_do="stop", data_model=entry.spec.id) if download.may_stop else ""
    return f'<div class="m-progress"><div>{bar}{tag("span", download.words, "small")}</div>{stop}</div>'


def size(t: Translator, entry: Entry) -> str:
    """Return how large a model is, or that nobody knows."""
    return t("size unknown until downloaded") if entry.size_bytes is None else size_words(entry.size_bytes)


def search(shelf: Shelf) -> str:
    """Return the field that is searched with, and the choice between all models and those that are ready."""
    t, wish = shelf.t, shelf.address.wish
    every, ready = len(shelf.entries), sum(entry.state is State.READY for entry in shelf.entries)
    kinds = [(False, every, t.plural("{n} model", "{n} models", every)), (True, ready, t("{n} ready", n=ready))]
    chips = ""
    for only, n, told in kinds:
        current = {"aria_current": "true"} if wish.only_ready is only else {}
        href, inside = shelf.address.but(only_ready=only).link, f"<span>{strong(told, str(n))}</span>"
        chips += tag("a", "", "chip", inside, href=href, data_go="", **current)
    hint, label = t("Search: penguin …"), t("Search models, and what they know")
    field = (
        f'<input type="search" name="q" value="{escape(wish.words)}" placeholder="{escape(hint)}" '
        f'aria-label="{escape(label)}" autocomplete="off" maxlength="100">'
    )
    return f'<div class="m-tools">{tag("h2", _all(t))}<div class="chips">{chips}</div>{field}</div>'


def _all(t: Translator) -> str:
    return t("All models")


def table(shelf: Shelf) -> str:
    """Return the table of the models that are looked for."""
    t, wish = shelf.t, shelf.address.wish
    found = look_for(shelf.entries, wish, t.language)
    shown = found if shelf.address.is_long or wish.words else found[:MOST_ROWS]
    heads = "".join(_head(shelf, order, name) for order, name in _COLUMNS.items())
    if shelf.speeds:
        heads += tag("th", t("Speed"), "m-num", scope="col")
    rows = "".join(_row(shelf, hit) for hit in shown)
    told = t("Nothing found.") if not found else t.plural("{n} model", "{n} models", len(found))
    return (
        f'{tag("p", told, "unseen", role="status")}<table class="m-all">{tag("caption", _all(t), "unseen")}'
        f"<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>{_below(shelf, len(found), len(shown))}"
    )


def _below(shelf: Shelf, found: int, shown: int) -> str:
    """Return what stands under the table: that there is more, or that not everything could be searched."""
    t, notes = shelf.t, []
    if not found:
        notes.append(tag("p", t("No model has this name, and none here knows it.")))
    if shelf.address.wish.words and (missing := unsearched(shelf.entries, t.language)):
        told = t.plural(
            "What {n} model knows comes with its download, so it was not searched.",
            "What {n} models know comes with their download, so it was not searched.",
            missing,
        )
        notes.append(tag("p", told, "small soft"))
    if shown < found:
        more = tag("a", t("Show all {n}", n=found), "btn", href=shelf.address.but(is_long=True).link, data_go="")
        notes.append(f"<p>{more}</p>")
    told = t("ImageNet is a collection of photos of a thousand kinds of animals and things. Models are compared on it.")
    notes.append(tag("p", told, "small soft"))
    return "".join(notes)


def _head(shelf: Shelf, order: Order, name: str) -> str:
    """Return the head of a column, a link that sorts by it; the column that is sorted by has an arrow."""
    direction = "ascending" if order in ("name", "size") else "descending"
    is_current = shelf.address.wish.order == order
    sort = {"aria_sort": direction} if is_current else {}
    arrow = {"ascending": "\u00a0↑", "descending": "\u00a0↓"}[direction] if is_current else ""
    shown = tag("span", shelf.t(name)) + tag("span", arrow, aria_hidden="true")
    link = tag("a", "", inside=shown, href=shelf.address.but(order=order).link, data_go="")
    css_class = "" if order == "name" else f"m-num m-{order}"
    return tag("th", "", css_class, link, scope="col", **sort)


def _row(shelf: Shelf, hit: Found) -> str:
    t, entry, share = shelf.t, hit.entry, words.top1(hit.entry)
    size_cell = _unknown(size(t, entry)) if entry.size_bytes is None else tag("span", size_words(entry.size_bytes))
    cells = [
        ("m-num m-classes", str(entry.spec.output.classes)),
        ("m-num m-size", size_cell),
        ("m-num m-accuracy", _unknown(t("unknown")) if share is None else _share(t, entry, share)),
    ]
    if shelf.speeds:
        ms = shelf.speeds.get(entry.spec.id)
        cells.append(("m-num", tag("span", "" if ms is None else t("{n} ms", n=f"{ms:.0f}"))))
    rest = "".join(tag("td", "", css_class, html) for css_class, html in cells)
    return f'<tr><th scope="row">{shelf.link(entry, entry.spec.name)}{_under(shelf, hit)}</th>{rest}</tr>'


def _unknown(told: str) -> str:
    return tag("span", "–", aria_hidden="true", title=told) + tag("span", told, "unseen")


def _share(t: Translator, entry: Entry, share: float) -> str:
    """Return a share of right answers: as a bar, too, where all models were asked about the same photos."""
    figure = tag("span", f"{share:.1%}")
    if knows_imagenet(entry):
        return tag("i", "", style=f"--p:{100 * share:.1f}", aria_hidden="true") + figure
    return figure + tag("small", t("on its own photos"), "soft")


def _under(shelf: Shelf, hit: Found) -> str:
    """Return the line under a model's name: how it stands, and what it knows."""
    t, entry, download = shelf.t, hit.entry, shelf.download(hit.entry)
    if download.share is not None:
        bar = tag("progress", "", value=f"{download.share:.3f}", aria_hidden="true")
        return tag("small", download.words, inside=bar)
    if entry.state is State.READY:
        state = tag("span", t("ready"), "m-have") + " "
    else:
        told = t("to download") if entry.problem is None else t("needs a Python package")
        state = tag("span", f"{told} ", "unseen")
    knows = t("knows “{name}”", name=short(hit.class_name)) if hit.class_name else words.kind(t, entry)
    return tag("small", knows, "soft", state)
