"""Discern's entry: `make run`, or `streamlit run streamlit_app.py`.

Streamlit reads this file twice: imported once, it is the server; run again for every visitor, it is the script of the
pages: page config, language and navigation.
"""

import streamlit as st

from lib.ui import language, serving, style, visit


def show() -> None:
    """Draw the page that the visitor asked for."""
    st.set_page_config(page_title="Discern", page_icon="🔎", layout="wide")
    language.switch()
    t = language.translator()
    style.apply(t)
    with st.sidebar:
        visit.resume()
    st.navigation(
        [
            st.Page("pages/classify.py", title=t("Classify"), icon=":material/image_search:", default=True),
            st.Page("pages/compare.py", title=t("Compare"), icon=":material/compare:", url_path="compare"),
            st.Page("pages/embed.py", title=t("Embed"), icon=":material/code:", url_path="embed"),
            st.Page("pages/models.py", title=t("Models"), icon=":material/deployed_code:", url_path="models"),
        ],
        position="top",
    ).run()


if __name__ == "__main__":
    show()
else:
    app = st.App(__file__, middleware=serving.middleware(), routes=serving.routes(), lifespan=serving.lifespan)
