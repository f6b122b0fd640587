"""Buttons that give results away as files."""

import mimetypes
from collections.abc import Callable
from typing import Any

import streamlit as st

from lib.classify.infer import Settings
from lib.i18n import Translator
from lib.reports.classifications import to_csv, to_json_line
from lib.results import Outcome


def offer(
    label: str,
    data: Callable[[], bytes | str] | bytes | str,
    name: str,
    *,
    icon: str = ":material/download:",
    **looks: Any,
) -> None:
    """Draw a button that gives a file away, without running the page again.

    Args:
        label: What it is, in words.
        data: The file, or what makes it when the button is pressed: in a thread without a session, where
            `st.session_state` is one for all visitors. It must not ask for that, nor call anything that does.
        name: The file's.
        icon: As Streamlit's, and other `looks`.
    """
    kind, _ = mimetypes.guess_type(name)
    st.download_button(label, data, name, kind, icon=icon, on_click="ignore", **looks)


def offer_tables(t: Translator, outcomes: Callable[[], list[Outcome]], settings: Settings, *, name: str) -> None:
    """Draw the buttons that give results away as CSV and JSON; `outcomes` is bound as what `offer` calls is."""
    offer(t("Table (CSV)"), lambda: to_csv(outcomes(), t, top=settings.top), f"{name}.csv")
    offer("JSON", lambda: "".join(to_json_line(outcome, t) + "\n" for outcome in outcomes()), f"{name}.jsonl")
