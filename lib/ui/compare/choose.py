"""Which models are compared: any that are here, and their smaller variants, made when they are chosen."""

from dataclasses import dataclass

import streamlit as st

from lib.catalogue.variants import Variant, make_variant, variant_id, variants
from lib.errors import ModelFileError
from lib.i18n import Translator
from lib.model.spec import ModelFolder
from lib.ui import waiting
from lib.ui.models import choice
from lib.ui.models.choice import distinct
from lib.ui.models.loaded import store
from lib.ui.style import plain
from lib.work.jobs import Job, JobState, Kind

MOST, LEAST = 4, 2
_CHOSEN, _MISSED, _PARAM = "compared_models", "missed_models", "models"


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


def pick(t: Translator) -> list[ModelFolder]:
    """Draw the choice of two to four models and return their folders; empty while there is nothing to compare yet.

    `?models=a,b` chooses, and follows the choice.
    """
    options = _options(t)
    wanted = _wanted()
    known = [model for model in wanted if model in options]
    missed = st.session_state.setdefault(_MISSED, [model for model in wanted if model not in options])
    names = distinct({option.id: option.name for option in options.values()})
    chosen = st.multiselect(
        t("Models to compare, two to four"),
        list(options),
        default=known,
        key=f"compare-{hash(tuple(names.values()))}",
        format_func=names.__getitem__,
        max_selections=MOST,
        placeholder=t("Choose models"),
    )
    if list(chosen) != known:
        missed = st.session_state[_MISSED] = []  # the visitor has read it
    for model in missed:
        if model not in options:
            choice.explain_unavailable(t, model)
    st.session_state[_CHOSEN] = list(chosen)
    st.query_params[_PARAM] = ",".join(chosen)
    if len(chosen) < LEAST:
        st.info(t("Choose at least two models. Others can be downloaded on the page Models."), icon=":material/info:")
        return []
    missing = tuple(options[model] for model in chosen if options[model].variant.folder is None)
    if missing:
        _make(t, missing)
        return []
    return [folder for model in chosen if (folder := options[model].variant.folder) is not None]


def _wanted() -> list[str]:
    if _CHOSEN in st.session_state:
        return list(st.session_state[_CHOSEN])
    asked = st.query_params.get(_PARAM, "")
    if asked:
        return list(dict.fromkeys(map(store().current_id, filter(None, asked.split(",")))))[:MOST]
    return [entry.spec.id for entry in store().ready()[:LEAST]]  # a thousand things, and twenty


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
                options[model] = Option(model, f"{name} → {variant.format.value}", folder, variant)
    return options


def _make(t: Translator, missing: tuple[Option, ...]) -> None:
    """Make the variants that do not exist yet, in the background."""

    def work(job: Job) -> None:
        for option in missing:
            make_variant(option.original, option.variant.format, data=store().data, cancelled=job.cancelled)
            job.advance()

    name = "-".join(["variants", *(option.id for option in missing)])
    job = waiting.find(name, is_shared=True)
    has_failed = job is not None and job.state in (JobState.FAILED, JobState.CANCELLED)
    again = has_failed and st.button(t("Try again"), icon=":material/refresh:")
    if job is None or again or job.state is JobState.DONE:  # should a variant be missing again later, it is made again
        job = waiting.begin(t, Kind.CONVERSION, name, work, is_shared=True, total=len(missing))
    if waiting.watch(t, job, t("Making smaller variants…")) is not None:
        st.rerun()
