"""Look: some photos of a class, what training makes of them, and what of them the model sees."""

from dataclasses import replace

import streamlit as st

from lib.classify.infer import least_side
from lib.classify.preprocess import misses_much, resize
from lib.errors import AppError, PhotoError
from lib.i18n import Translator
from lib.model.spec import InputSpec
from lib.photos.opening import open_with_size
from lib.projects.project import Kept, Klass, Project
from lib.server.workshop import server_workshop
from lib.training.features import LOOKS
from lib.training.variation import EXAMPLE, Strength, vary
from lib.ui.models.loaded import store
from lib.ui.style import plain
from lib.ui.train import pictures
from lib.ui.visit import keep
from lib.ui.waiting import draw_error

KEY = "train-look"
NINE, VARIED = 9, 7
_SIDE = 112  # pixels of a varied photo


def draw(t: Translator, project: Project) -> None:
    """Draw the section, folded."""
    st.fragment(_section)(t, project)


def _section(t: Translator, project: Project) -> None:
    keep()
    if project.is_deleted:  # in another tab
        st.rerun()
    panel = st.expander(t("Look at your photos"), key=KEY, icon=":material/visibility:", on_change="rerun")
    if not panel.open:
        return
    with panel:
        if not project.settings.keeps_photos:
            pictures.say(t("This project keeps only numbers made of its photos, so there is nothing to look at."))
            return
        by_class = {klass: [p for p in project.manifest.usable if p.klass == klass.id] for klass in project.classes}
        if not any(by_class.values()):
            pictures.say(t("There are no photos yet. Add some above."))
            return
        _look(t, project, {klass: photos for klass, photos in by_class.items() if photos})


def _look(t: Translator, project: Project, by_class: dict[Klass, list[Kept]]) -> None:
    klass = _class(t, list(by_class))
    nine = spread(by_class[klass], NINE)
    turn = st.session_state.setdefault("train-look-turn", 0)
    chosen = nine[turn % len(nine)]
    left, right = st.columns(2, gap="large")
    with left:
        shown = [pictures.figure(pictures.photo(project, p), css_class="on" if p is chosen else "") for p in nine]
        pictures.part(klass.name, html=pictures.row(shown, "nine"))
        if len(nine) > 1:
            st.button(t("Another photo"), key="train-look-next", icon=":material/arrow_forward:", on_click=_next)
    try:
        data = project.read(chosen)
        with right:
            _seen(t, project, chosen, data)
        _vary(t, chosen, data)
    except PhotoError as error:
        draw_error(t, error)


def spread(photos: list[Kept], count: int) -> list[Kept]:
    """Return at most `count` of the photos, at even steps from the first to the last."""
    if len(photos) <= count:
        return photos
    return [photos[round(step * (len(photos) - 1) / (count - 1))] for step in range(count)]


def _class(t: Translator, classes: list[Klass]) -> Klass:
    if len(classes) == 1:
        return classes[0]
    names = {klass.id: klass.name for klass in classes}
    chosen = st.segmented_control(
        t("Class"), list(names), default=classes[0].id, required=True,
        format_func=lambda klass: plain(names.get(klass, "")), key="train-look-class",
    )  # fmt: skip
    return next((klass for klass in classes if klass.id == chosen), classes[0])


def _next() -> None:
    st.session_state["train-look-turn"] += 1


def _seen(t: Translator, project: Project, chosen: Kept, data: bytes) -> None:
    """Draw a photo beside what the model is given of it, one pixel as one pixel."""
    try:
        spec = input_of(project)
    except AppError as error:
        draw_error(t, error)
        return
    image, (width, height) = open_with_size(data, chosen.name, at_least=least_side(spec))
    wide, high = spec.size_wh
    original = pictures.figure(
        pictures.photo(project, chosen, pictures.LARGE), t("Your photo: {size} pixels", size=f"{width} × {height}")
    )
    small = pictures.figure(
        pictures.made(resize(image, spec), t("What the model sees")),
        t("What the model sees: {size} pixels", size=f"{wide} × {high}"),
    )
    says = t("It never sees more than this. Can you still tell what it is? Then it has a chance.")
    if misses_much((width, height), spec):
        says += " " + t("What is near the edges is cut off.")
    elif abs(width / height - wide / high) > 0.05:
        says += " " + t("The whole photo is squeezed into the model's shape.")
    shown = pictures.row([original, small], "seen") + pictures.text(says)
    pictures.part(t("What the model sees"), html=shown)


def input_of(project: Project) -> InputSpec:
    """Return how the project's model looks at photos.

    Raises:
        AppError: Its backbone is not here.
    """
    spec, look = store().find(project.settings.backbone).spec.input, project.settings.look
    if look == "auto":  # its photos decide; before they can, it is the whole photo
        learned = server_workshop().live(project).learned
        look = "whole" if learned is None or learned.fit is None else learned.fit.head.head.kind.look
    rule, filtering = next(made for known, made in LOOKS.items() if known == look)
    return replace(spec, resize=rule, filter=filtering)


def _vary(t: Translator, chosen: Kept, data: bytes) -> None:
    """Draw what training from scratch makes of a photo, as strong as the visitor wants."""
    says = t(
        "Training from scratch shows each photo a little different every time, so that it learns the thing and not the "
        "photo. Is it still the same thing? Then it is not too much."
    )
    pictures.part(t("The same photo, varied"), says)
    strength = _strength(t)
    image = open_with_size(data, chosen.name, at_least=_SIDE)[0]
    small = image.resize((_SIDE, _SIDE))
    shown = [pictures.figure(pictures.made(small, t("As it is")), t("As it is"), "on")]
    first = st.session_state.setdefault("train-look-seed", 0)
    for number in range(VARIED):
        varied = vary(small, strength, first + number)
        shown.append(pictures.figure(pictures.made(varied, t("Varied")), css_class=""))
    st.html(pictures.row(shown, "varied"))
    st.button(t("Vary again"), key="train-look-again", icon=":material/casino:", on_click=_again)


def _again() -> None:
    st.session_state["train-look-seed"] += VARIED


def _strength(t: Translator) -> Strength:
    mirror, turn, zoom, contrast = st.columns(4, vertical_alignment="center")
    strength = replace(EXAMPLE, mirror=mirror.toggle(t("Mirror"), value=EXAMPLE.mirror, key="train-look-mirror"))
    degrees = turn.slider(t("Turn by up to"), 0, 180, int(EXAMPLE.turn), format="%d°", key="train-look-degrees")
    grow = zoom.slider(t("Zoom by up to"), 0, 50, 0, format="%d%%", key="train-look-zoom")
    more = contrast.slider(t("Contrast by up to"), 0, 90, 0, format="%d%%", key="train-look-contrast")
    return replace(strength, turn=float(degrees), zoom=grow / 100, contrast=more / 100)
