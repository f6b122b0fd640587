"""The drop zone in the visitor's language, and text made safe for HTML and Markdown."""

from html import escape
from string import punctuation

import streamlit as st

from lib.i18n import Translator


def apply(t: Translator) -> None:
    """Put the uploader's built-in English into the visitor's language; `parts.css` shows the words."""
    zones = {
        ":root": (
            t("Drop photos here, or paste them"),
            t("JPEG, PNG, WebP, GIF, HEIC, AVIF, TIFF, BMP. Up to 64 MB each."),
            t("Choose photos"),
        ),
        ".st-key-intake-folded": ("", "", t("Add photos")),
        '[class*="st-key-zip-"]': (t("Drop a zip file here"), t("up to 512 MB"), t("Choose a file")),
        '[class*="st-key-model-file-"]': (t("Drop the model here"), t("up to 512 MB"), t("Choose files")),
        '[class*="st-key-folder-"]': (t("Drop a folder here"), t("up to 512 MB"), t("Choose a folder")),
    }
    rules = [
        f'{zone} {{--dz-drop: "{_css_string(drop)}"; --dz-limit: "{_css_string(limit)}"; '
        f'--dz-browse: "{_css_string(browse)}";}}'
        for zone, (drop, limit, browse) in zones.items()
    ]
    st.html(f"<style>{''.join(rules)}</style>")


def _css_string(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("<", "\\3c ").replace("\n", " ")


def span(text: str, css_class: str) -> str:
    """Return `text`, which may be anything, as an HTML span."""
    return f'<span class="{css_class}">{escape(text)}</span>'


def plain(text: str) -> str:
    """Return `text`, which may be anything, as Markdown that shows it as it is, in one line."""
    line = " ".join(text.split("\n")).strip()
    return "".join(f"\\{c}" if c in punctuation else c for c in line)  # CommonMark, section 2.4
