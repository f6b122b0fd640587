"""Discern's entry: `make run`, or `streamlit run streamlit_app.py`.

Streamlit reads this file twice: imported once, it is the server; run again for every visitor, it is the script of the
pages: page config, language and navigation.
"""

import streamlit as st

from lib.ui import header, language, serving, style, web


def show() -> None:
    """Draw the page that the visitor asked for."""
    st.set_page_config(page_icon=web.address(header.ICON), layout="wide")
    language.remember()
    t = language.translator()
    style.apply(t)
    pages = {
        room.path: st.Page(script, title=room.title(t), url_path=room.path, default=not room.path)
        for script, room in header.ROOMS.items()
    }
    page = st.navigation(list(pages.values()), position="hidden")
    header.draw(pages, page.url_path)
    page.run()


if __name__ == "__main__":
    show()
else:
    own = serving.routes()
    app = st.App(__file__, middleware=serving.middleware(own), routes=own, lifespan=serving.lifespan)
