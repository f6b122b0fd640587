"""Buttons that give results away as files."""

from collections.abc import Callable
from pathlib import PurePath

import streamlit as st

from lib.classify.infer import Settings
from lib.i18n import Translator
from lib.reports.outcomes import to_csv, to_json_line
from lib.results import Outcome

_KINDS = {".csv": "text/csv", ".html": "text/html", ".json": "application/json", ".jsonl": "application/jsonl"}


def offer_tables(t: Translator, outcomes: Callable[[], list[Outcome]], settings: Settings, *, name: str) -> None:
    """Draw the buttons that give results away as CSV and JSON; they are written when a button is pressed.

    Args:
        t: The visitor's language.
        outcomes: Called in a thread without a session, where `st.session_state` is one for all visitors: it must not
            ask for that, nor call anything that does.
        settings: What the visitor chose.
        name: The files' name, without suffix.
    """
    offer(t("Table (CSV)"), lambda: to_csv(outcomes(), t, top=settings.top), f"{name}.csv")
    offer("JSON", lambda: "".join(to_json_line(outcome, t) + "\n" for outcome in outcomes()), f"{name}.jsonl")


def offer(label: str, write: Callable[[], str | bytes], file: str, *, icon: str = ":material/download:") -> None:
    """Draw a button that gives a file away, written when it is pressed, in a thread without a session."""
    kind = _KINDS[PurePath(file).suffix]
    st.download_button(label, data=write, file_name=file, mime=kind, icon=icon, on_click="ignore")
