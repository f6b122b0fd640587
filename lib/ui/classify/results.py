"""The results: progress while models look, a card a photo, filter, sort, pages, summary and downloads."""

from collections import Counter
from collections.abc import Callable, Sequence
from html import escape

import streamlit as st

from lib.charts.bars import bars, describe
from lib.classify.classifier import Classifier
from lib.classify.infer import Settings
from lib.i18n import Translator
from lib.model.spec import InputSpec, ModelFolder, ModelSpec
from lib.results import Classification, Failure, Outcome, VerdictKind
from lib.server.album import Album, Photo
from lib.ui import choosing, looking, views
from lib.ui.answer import draw_picture, file_line, verdict_line
from lib.ui.paging import pages
from lib.ui.style import ink, plain, span
from lib.ui.takeaway import offer_tables
from lib.verdict import sure_group

_PER_PAGE = 12


def draw(
    t: Translator,
    album: Album,
    model: ModelFolder,
    classifier: Classifier,
    labels: tuple[str, ...],
    settings: Settings,
) -> None:
    """Let the model look at what it has not seen, and draw everything it said.

    Args:
        t: The visitor's language.
        album: The visitor's photos, at least one.
        model: The chosen model, as it looks at photos by itself.
        classifier: It, as the visitor has it look at them.
        labels: Its K names in the visitor's language.
        settings: What the visitor chose.
    """
    looking.draw(t, [classifier], lambda: _panel(t, album, model, classifier.spec, labels, settings))


def _panel(
    t: Translator, album: Album, model: ModelFolder, asked: ModelSpec, labels: tuple[str, ...], settings: Settings
) -> None:
    shown = album.outcomes(asked.key, labels, settings)
    if not shown:
        if not album.photos:
            st.rerun()  # the last one was removed: the page says how to begin
        return
    _summary(t, [outcome for _, outcome in shown])
    if len(shown) > 1:
        shown = _arrange(t, shown)
    if not shown:
        st.info(t("No photo is of that kind."), icon=":material/filter_alt:")
    _cards(t, album, shown, asked.input, lambda: views.draw(t, model, [photo for photo, _ in shown]))
    _downloads(t, album, asked.key, labels, settings)


def _summary(t: Translator, outcomes: Sequence[Outcome]) -> None:
    counts = Counter(map(_group, outcomes))
    sure = sum(isinstance(o, Classification) and sure_group(o.verdict, o.group) is not None for o in outcomes)
    ambiguous = t("{n} ambiguous", n=counts["ambiguous"])
    if sure:
        ambiguous = t("{n} ambiguous, {sure} of them sure of the kind", n=counts["ambiguous"], sure=sure)
    chips = [
        span("✓ " + t("{n} clear", n=counts["clear"]), "chip clear"),
        span("≈ " + ambiguous, "chip ambiguous"),
        span("✕ " + t("{n} failed", n=counts["failed"]), "chip failed"),
    ]
    st.html(f'<p class="summary" role="status">{" ".join(chips)}</p>')


def _arrange(t: Translator, shown: list[tuple[Photo, Outcome]]) -> list[tuple[Photo, Outcome]]:
    """Draw filter, order and pages; return what is to be shown now."""
    filters = {"all": t("All"), "ambiguous": t("Ambiguous only"), "clear": t("Clear"), "failed": t("Failed")}
    orders = {
        "added": t("As added"),
        "unsure": t("Least sure first"),
        "sure": t("Most sure first"),
        "name": t("By name"),
    }
    with st.container(horizontal=True, vertical_alignment="bottom", key="arrange"):
        wanted = choosing.segment(t, t("Show"), filters, key="show")
        order = choosing.entry(t, t("Order"), orders, key="order", width=200)
    kept = [pair for pair in shown if wanted in ("all", _group(pair[1]))]
    return pages(_sorted(kept, order), _PER_PAGE, key="page")


def _group(outcome: Outcome) -> str:
    if isinstance(outcome, Failure):
        return "failed"
    return "ambiguous" if outcome.verdict.kind.is_ambiguous else "clear"


def _sorted(pairs: list[tuple[Photo, Outcome]], order: str) -> list[tuple[Photo, Outcome]]:
    match order:
        case "unsure" | "sure":
            sign = 1 if order == "unsure" else -1
            return sorted(pairs, key=lambda pair: sign * _sureness(pair[1]))
        case "name":
            return sorted(pairs, key=lambda pair: pair[0].name.casefold())
        case _:
            return pairs


def _sureness(outcome: Outcome) -> float:
    """Return the winner's lead, p1 - p2; failed photos come last among the sure and first among the unsure."""
    if isinstance(outcome, Failure):
        return -1.0
    return outcome.verdict.winner.probability - outcome.verdict.p2


def _cards(
    t: Translator, album: Album, shown: list[tuple[Photo, Outcome]], look: InputSpec, draw_view: Callable[[], None]
) -> None:
    if len(album.photos) == 1:
        for photo, outcome in shown:
            with st.container(border=True, key=f"single-{photo.id}"):
                left, right = st.columns(2, gap="medium", wrap=True)
                with left:
                    draw_picture(t, photo, look)
                    draw_view()
                with right:
                    _words(t, album, photo, outcome)
        return
    draw_view()
    grid = st.grid(min_column_width=300, gap="small")
    for photo, outcome in shown:
        with grid.cell(), st.container(border=True, key=f"photo-{photo.id}"):
            draw_picture(t, photo, look)
            _words(t, album, photo, outcome)


def _words(t: Translator, album: Album, photo: Photo, outcome: Outcome) -> None:
    st.html(file_line(photo))
    st.html(verdict_line(t, outcome))
    if isinstance(outcome, Classification):
        _figures(t, photo, outcome)
    with st.container(horizontal=True, horizontal_alignment="right"):
        if isinstance(outcome, Classification) and outcome.verdict.kind.is_ambiguous:
            with st.popover(t("What to try next"), icon=":material/lightbulb:"):
                st.markdown("\n".join(f"- {tip}" for tip in tips(t, outcome.verdict.kind)))
        st.button(
            t("Remove"),
            key=f"remove-{photo.id}",
            on_click=album.remove,
            args=(photo,),
            type="tertiary",
            icon=":material/delete:",
            help=plain(t("Remove {file}", file=photo.name)),
        )


def _figures(t: Translator, photo: Photo, outcome: Classification) -> None:
    chart = bars(outcome, ink=ink())
    st.vega_lite_chart(chart, width="stretch", alt=describe(outcome.predictions, t), key=f"bars-{photo.id}")
    width, height = outcome.size_wh
    spread = t("Spread over about {n} classes", n=_about(outcome.verdict.spread))
    st.html(f'<p class="facts">{escape(spread)}<br>{width} × {height} px · {outcome.milliseconds:.0f} ms</p>')


def _about(spread: float) -> str:
    return f"{spread:.1f}" if spread < 10 else f"{spread:.0f}"


def tips(t: Translator, kind: VerdictKind) -> list[str]:
    """Return what a person can try after an ambiguous result, most promising first."""
    crop = t("Crop the photo to the one thing you mean.")
    closer = t("Take it again: closer, with more light, from another side.")
    other = t("Ask another model: one that knows more classes, or a larger one.")
    both = t("Perhaps both are right: the photo may show two things, or the classes look alike.")
    unknown = t("Perhaps the model has no class for this; it can only choose among those it knows.")
    match kind:
        case VerdictKind.CLOSE:
            return [both, crop, other]
        case VerdictKind.WEAK:
            return [unknown, closer, other]
        case _:
            return [unknown, crop, closer, other]


def _downloads(t: Translator, album: Album, model: str, labels: tuple[str, ...], settings: Settings) -> None:
    def outcomes() -> list[Outcome]:
        return [outcome for _, outcome in album.outcomes(model, labels, settings)]

    with st.container(horizontal=True, key="downloads"):
        offer_tables(t, outcomes, settings, name="discern")
        with st.popover(t("Remove all"), icon=":material/delete_sweep:"):
            st.write(t("All photos and results will be gone."))
            if st.button(t("Remove all photos"), key="clear-album", type="primary"):
                album.clear()
                st.rerun()
