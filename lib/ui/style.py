"""The app's own look, beyond the theme: one style sheet, and text made safe for HTML."""

from html import escape
from pathlib import Path

import streamlit as st

from lib.i18n import Translator

_SHEET = Path(__file__).with_name("style.css")


def apply(t: Translator) -> None:
    """Put the style sheet into the page, and the uploader's built-in English into the visitor's language."""
    words = {
        "--dz-drop": t("Drop photos here, or paste them"),
        "--dz-limit": t("JPEG, PNG, WebP, GIF, HEIC, AVIF, TIFF, BMP; up to 64 MB each"),
        "--dz-browse": t("Choose photos"),
    }
    variables = "".join(f'{name}: "{_css_string(text)}";' for name, text in words.items())
    st.html(f"<style>:root {{{variables}}}\n{_SHEET.read_text(encoding='utf-8')}</style>")


def _css_string(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("<", "\\3c ").replace("\n", " ")


def span(text: str, css_class: str) -> str:
    """Return `text`, which may be anything, as an HTML span."""
    return f'<span class="{css_class}">{escape(text)}</span>'
