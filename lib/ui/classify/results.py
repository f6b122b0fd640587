"""The results: progress while models look, a card a photo, filter, sort, pages, summary and downloads."""

from collections import Counter
from collections.abc import Sequence
from html import escape

import streamlit as st

from lib.charts.bars import bars, describe
from lib.classify.classifier import Classifier
from lib.classify.infer import Settings
from lib.i18n import Translator
from lib.results import Classification, Failure, Outcome, VerdictKind
from lib.server.album import Album, Photo
from lib.ui import looking
from lib.ui.paging import pages
from lib.ui.style import SIGNS, ink, plain, span
from lib.ui.takeaway import offer_tables
from lib.verdict import explain

_PER_PAGE = 12


def draw(t: Translator, album: Album, classifier: Classifier, labels: tuple[str, ...], settings: Settings) -> None:
    """Let the model look at what it has not seen, and draw everything it said.

    Args:
        t: The visitor's language.
        album: The visitor's photos, at least one.
        classifier: The chosen model.
        labels: Its K names in the visitor's language.
        settings: What the visitor chose.
    """
    looking.draw(t, [classifier], lambda: _panel(t, album, classifier.spec.id, labels, settings))


def _panel(t: Translator, album: Album, model: str, labels: tuple[str, ...], settings: Settings) -> None:
    shown = album.outcomes(model, labels, settings)
    if not shown:
        if not album.photos:
            st.rerun()  # the last one was removed: the page says how to begin
        return
    _summary(t, [outcome for _, outcome in shown])
    if len(shown) > 1:
        shown = _arrange(t, shown)
    if not shown:
        st.info(t("No photo is of that kind."), icon=":material/filter_alt:")
    _cards(t, album, shown)
    _downloads(t, album, model, labels, settings)


def _summary(t: Translator, outcomes: Sequence[Outcome]) -> None:
    counts = Counter(_kind(outcome) for outcome in outcomes)
    ambiguous = sum(n for kind, n in counts.items() if isinstance(kind, VerdictKind) and kind.is_ambiguous)
    chips = [
        span("✓ " + t("{n} clear", n=counts[VerdictKind.CLEAR]), "chip clear"),
        span("≈ " + t("{n} ambiguous", n=ambiguous), "chip ambiguous"),
        span("✕ " + t("{n} failed", n=counts["failed"]), "chip failed"),
    ]
    st.html(f'<p class="summary" role="status">{" ".join(chips)}</p>')


def _kind(outcome: Outcome) -> VerdictKind | str:
    return "failed" if isinstance(outcome, Failure) else outcome.verdict.kind


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
        # The browser remembers an option by its words, so every language needs a widget of its own.
        chosen = st.segmented_control(
            t("Show"),
            list(filters),
            key=f"show-{t.language}",
            format_func=filters.__getitem__,
            default="all",
            required=True,
        )
        order = st.selectbox(
            t("Order"), list(orders), key=f"order-{t.language}", format_func=orders.__getitem__, width=200
        )
    kept = [pair for pair in shown if _passes(pair[1], chosen or "all")]
    kept = _sorted(kept, order)
    return pages(kept, _PER_PAGE, key="page")


def _passes(outcome: Outcome, chosen: str) -> bool:
    match chosen:
        case "ambiguous":
            return isinstance(outcome, Classification) and outcome.verdict.kind.is_ambiguous
        case "clear":
            return isinstance(outcome, Classification) and not outcome.verdict.kind.is_ambiguous
        case "failed":
            return isinstance(outcome, Failure)
        case _:
            return True


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


def _cards(t: Translator, album: Album, shown: list[tuple[Photo, Outcome]]) -> None:
    if len(album.photos) == 1:
        for photo, outcome in shown:
            with st.container(border=True, key=f"single-{photo.id}"):
                left, right = st.columns([1, 1], gap="medium", wrap=True)
                _picture(t, photo, left)
                _words(t, album, photo, outcome, right)
        return
    grid = st.grid(min_column_width=300, gap="small")
    for photo, outcome in shown:
        with grid.cell(), st.container(border=True, key=f"photo-{photo.id}"):
            place = st.container()
            _picture(t, photo, place)
            _words(t, album, photo, outcome, place)


def _picture(t: Translator, photo: Photo, place: st.delta_generator.DeltaGenerator) -> None:
    with place:
        if photo.thumbnail is not None:
            st.image(photo.thumbnail, width="stretch", output_format="JPEG", alt=t("Photo {file}", file=photo.name))
        else:
            st.html('<div class="no-picture" aria-hidden="true">✕</div>')


def _words(
    t: Translator,
    album: Album,
    photo: Photo,
    outcome: Outcome,
    place: st.delta_generator.DeltaGenerator,
) -> None:
    with place:
        st.html(f'<p class="file" title="{escape(photo.name)}">{escape(photo.name)}</p>')
        if isinstance(outcome, Failure):
            st.html(f'<p class="verdict failed"><b>✕</b> {escape(t.message(outcome.error.message))}</p>')
        else:
            _classification(t, photo, outcome)
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


def _classification(t: Translator, photo: Photo, outcome: Classification) -> None:
    kind = outcome.verdict.kind
    sentence = escape(t.message(explain(outcome.verdict)).replace(" %", "\u00a0%"))  # never broken before the sign
    css = "clear" if kind is VerdictKind.CLEAR else "ambiguous"
    st.html(f'<p class="verdict {css}" data-verdict="{kind}"><b>{SIGNS[kind]}</b> {sentence}</p>')
    chart = bars(outcome, ink=ink())
    st.vega_lite_chart(chart, width="stretch", alt=describe(outcome.predictions), key=f"bars-{photo.id}")
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
    match kind:
        case VerdictKind.CLOSE:
            both = t("Perhaps both are right: the photo may show two things, or the classes look alike.")
            return [both, crop, other]
        case VerdictKind.WEAK:
            unknown = t("Perhaps the model has no class for this; it can only choose among those it knows.")
            return [unknown, closer, other]
        case _:
            unknown = t("Perhaps the model has no class for this; it can only choose among those it knows.")
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
