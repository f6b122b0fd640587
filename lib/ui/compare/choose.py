"""Which models are compared: any that are here, and their smaller variants, made when a visitor asks for them."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass

import streamlit as st

from lib.catalogue.variants import Variant, make_variant, variant_id, variants
from lib.errors import ModelFileError
from lib.formats.tables import Format
from lib.i18n import Translator
from lib.model.spec import ModelFolder
from lib.ui import address, waiting
from lib.ui.classroom import host
from lib.ui.models import choice
from lib.ui.models.choice import distinct
from lib.ui.models.loaded import store
from lib.ui.style import plain
from lib.work.jobs import Job, JobState, Kind

MOST, LEAST = 4, 2
_PARAM = "models"


@dataclass(frozen=True, slots=True)
class Option:
    """A model that can be chosen.

    Attributes:
        id: Its id, or that its variant has or will have.
        name: For people.
        original: The model itself.
        variant: The form in question.
    """

    id: str
    name: str
    original: ModelFolder
    variant: Variant


def pick(t: Translator, place: AbstractContextManager[object], least: int = LEAST) -> list[ModelFolder]:
    """Draw the choice of up to four models and return those that are here; none where that is not enough.

    `?models=a,b` chooses, and follows the choice. What has to be done first is said where this is called.

    Args:
        t: The visitor's language.
        place: Where the choice is drawn.
        least: How many models are enough: two, or one.
    """
    options = _options(t)
    with place, st.popover(t("Models"), icon=":material/view_column:"):
        chosen, missed = _choose(t, options)
    for model in missed:
        choice.explain_unavailable(t, model)
    if len(chosen) < least:
        more = t("Choose at least two models. More can be downloaded on the Models page.")
        st.info(more if least > 1 else t("Choose a model"), icon=":material/info:")
        return []
    for option in chosen:
        if option.variant.folder is None:
            _offer(t, option)
    here = [option.variant.folder for option in chosen if option.variant.folder is not None]
    return here if len(here) >= least else []


def _choose(t: Translator, options: Mapping[str, Option]) -> tuple[list[Option], list[str]]:
    """Draw the choice; return it, and the models that the address asks for in vain."""
    names = distinct({option.id: option.name for option in options.values()})
    default = ",".join(_first_two(options))
    # The browser remembers an option by its words.
    asked, key = address.begin(_PARAM, f"compare-{hash(tuple(names.values()))}", default)
    ids = filter(None, asked.split(","))
    wanted = list(dict.fromkeys(model if model in options else store().current_id(model) for model in ids))
    known = [model for model in wanted if model in options][:MOST]
    chosen = st.multiselect(
        t("Models to compare, two to four"),
        list(options),
        default=known,
        key=key,
        format_func=names.__getitem__,
        max_selections=MOST,
        placeholder=t("Choose models"),
    )
    is_changed = chosen != known
    address.end(_PARAM, default, ",".join(chosen) if is_changed else None)
    missed = [] if is_changed else [model for model in wanted if model not in options]
    return [options[model] for model in chosen], missed


def _first_two(options: Mapping[str, Option]) -> list[str]:
    """Return a model of a thousand things, and one of twenty, where both are here."""
    return [option.id for option in options.values() if option.variant.is_original][:LEAST]


def _options(t: Translator) -> dict[str, Option]:
    """Return all that can be chosen, by id: the models that are here, and after each its smaller variants.

    A model whose file is damaged is left out, and that is said.
    """
    here = [(entry.spec.name, entry.folder) for entry in store().ready() if entry.folder is not None]
    ids = {folder.spec.id for _, folder in here}
    options: dict[str, Option] = {}
    for name, folder in here:
        try:
            found = variants(folder, data=store().data)
        except ModelFileError as error:
            st.warning(plain(t.message(error.message)), icon=":material/warning:")
            continue
        for variant in found:
            if variant.is_original:
                options[folder.spec.id] = Option(folder.spec.id, name, folder, variant)
                continue
            model = variant.folder.spec.id if variant.folder is not None else variant_id(folder.spec, variant.format)
            if model not in ids:  # a variant that is shipped as a model of its own stands there already
                options[model] = Option(model, f"{name} {_in_words(t, variant.format)}", folder, variant)
    return options


def _in_words(t: Translator, form: Format) -> str:
    match form:
        case Format.FLOAT16:
            return t("float16 (half the size)")
        case Format.DYNAMIC:
            return t("dynamic (8-bit weights)")
        case Format.INT8:
            return t("int8 (8-bit throughout)")
        case Format.FLOAT32:
            return form.value


def _offer(t: Translator, option: Option) -> None:
    """Draw the button that makes a variant, or how far that has come; the page is drawn anew when it is there."""

    def work(job: Job) -> None:
        make_variant(option.original, option.variant.format, data=store().data, cancelled=job.cancelled)

    name = f"variant {option.id}"
    doing = t("Making “{model}”…", model=option.name)
    job = waiting.find(name, is_shared=True)
    if job is not None and job.is_live:
        waiting.watch(t, job, doing)
        return
    if job is not None and job.state is not JobState.DONE:
        waiting.draw_end(t, job)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.info(
            plain(
                t(
                    "“{model}” has to be made first. Its numbers get fewer bits, which is called quantization.",
                    model=option.name,
                )
            ),
            icon=":material/compress:",
        )
        if not host.only(t("In a class only the teacher can make it.")):
            return
        if st.button(t("Make it"), key=f"make-{option.id}", type="primary", icon=":material/play_arrow:"):
            waiting.begin(t, Kind.CONVERSION, name, work, is_shared=True)
            st.rerun()
