"""Pictures of a project's photos, and the words with them, as HTML."""

import base64
from collections.abc import Iterable
from html import escape

import streamlit as st
from PIL import Image

from lib.photos.opening import thumbnail
from lib.projects.project import Kept, Project
from lib.server.project_state import picture

SMALL, LARGE = 96, 480  # the longer side, in pixels; what the project's route is asked for


def photo(project: Project, kept: Kept, side: int = SMALL) -> str:
    """Return a photo of a project as an element; its browser asks for it only when it is seen."""
    address = picture(project, kept.id, side)
    return f'<img src="{escape(address)}" alt="{escape(kept.name)}" loading="lazy">'


def made(image: Image.Image, alt: str) -> str:
    """Return a small picture that was made here, with all it takes in it."""
    data = base64.b64encode(thumbnail(image, side=max(image.size))).decode("ascii")
    return f'<img src="data:image/jpeg;base64,{data}" alt="{escape(alt)}">'


def figure(picture: str, caption: str = "", css_class: str = "") -> str:
    """Return a picture with words below it.

    Args:
        picture: HTML.
        caption: Anything; it is escaped.
        css_class: Its classes.
    """
    words = f"<figcaption>{escape(caption)}</figcaption>" if caption else ""
    return f'<figure class="{css_class}">{picture}{words}</figure>'


def row(figures: Iterable[str], css_class: str = "") -> str:
    """Return pictures side by side, as many in a line as there is room for."""
    return f'<div class="pictures {css_class}">{"".join(figures)}</div>'


def title(text: str) -> str:
    """Return the heading of a part of a section; any text."""
    return f'<h3 class="looked">{escape(text)}</h3>'


def text(text: str) -> str:
    """Return a paragraph; any text."""
    return f'<p class="looked">{escape(text)}</p>'


def say(words: str) -> None:
    """Draw a paragraph; any text."""
    st.html(text(words))


def part(heading: str, words: str = "", html: str = "") -> None:
    """Draw a part of a section.

    Args:
        heading: Any text.
        words: What is said below it; any text.
        html: What follows.
    """
    st.html(title(heading) + (text(words) if words else "") + html)
