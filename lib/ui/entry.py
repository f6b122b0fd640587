"""What every page does first."""

import streamlit as st
from streamlit.runtime.pages_manager import PagesManager

from lib.i18n import Translator
from lib.ui.language import translator


def begin() -> Translator:
    """Return the visitor's language, after making sure that the page was reached by the app's entry.

    Until `st.navigation` is first called, Streamlit takes a folder `pages/` for its older kind of app and runs a page
    without the entry: whoever opens a link to a page on a freshly started server would get it bare. So the page sends
    such a visitor round by the entry.
    """
    if PagesManager.uses_pages_directory:
        PagesManager.uses_pages_directory = False
        st.rerun()
    return translator()
