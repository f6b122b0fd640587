"""Buttons that give results away as files."""

from collections.abc import Callable

import streamlit as st

from lib.classify.infer import Settings
from lib.i18n import Translator
from lib.reports.outcomes import to_csv, to_json_line
from lib.results import Outcome


def offer_tables(t: Translator, outcomes: Callable[[], list[Outcome]], settings: Settings, *, name: str) -> None:
    """Draw the buttons that give results away as CSV and JSON; they are written when a button is pressed.

    Args:
        t: The visitor's language.
        outcomes: Called in a thread without a session, where `st.session_state` is one for all visitors: it must not
            ask for that, nor call anything that does.
        settings: What the visitor chose.
        name: The files' name, without suffix.
    """
    st.download_button(
        t("Table (CSV)"),
        data=lambda: to_csv(outcomes(), t, top=settings.top),
        file_name=f"{name}.csv",
        mime="text/csv",
        icon=":material/download:",
        on_click="ignore",
    )
    st.download_button(
        "JSON",
        data=lambda: "".join(to_json_line(outcome, t) + "\n" for outcome in outcomes()),
        file_name=f"{name}.jsonl",
        mime="application/jsonl",
        icon=":material/download:",
        on_click="ignore",
    )
