"""The page Models without a browser: its HTML is read, and its buttons are pressed, as the script in the page would."""

import html
import json
import re
from dataclasses import dataclass, field
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from lib.ui import web


@dataclass
class Browser:
    """What the page shows, and what is pressed next.

    Attributes:
        shown: The HTML of each part, by key.
        pressed: What the script in the page will tell next.
    """

    shown: dict[str, str] = field(default_factory=dict)
    pressed: list[dict[str, Any]] = field(default_factory=list)

    @classmethod
    def instead_of_components(cls, monkeypatch: pytest.MonkeyPatch) -> "Browser":
        """Take the place of the component, which AppTest draws and cannot press."""
        browser, others = cls(), web.component
        monkeypatch.setattr(web, "component", lambda name: browser._mount if name == "models" else others(name))
        return browser

    def _mount(self, *, key: str, data: dict[str, str], on_did_change: Any, height: str) -> None:
        json.dumps(data)
        self.shown[key] = data["html"]
        if self.pressed:
            st.session_state[key] = {"did": self.pressed.pop()}
            on_did_change()
            st.rerun()

    def press(self, test: AppTest, what: str, model: str = "", **more: str) -> AppTest:
        """Press a button, if it is there."""
        if what in ("get", "use", "stop", "delete"):
            assert self.has(what, model), f"There is no button to {what} {model}."
        self.pressed.append({"do": what, "model": model, **more})
        test.run()
        assert not test.exception
        return test

    def has(self, what: str, model: str) -> bool:
        """Whether a button is there."""
        return f'data-do="{what}" data-model="{model}"' in self.html

    def follow(self, test: AppTest, words: str) -> AppTest:
        """Follow a link by its words."""
        links = re.findall(r'href="([^"]*)"[^>]*>(.*?)</a>', self.html)
        found = [html.unescape(link) for link, text in links if re.sub(r"<[^>]*>", "", text).strip().startswith(words)]
        assert found, f"There is no link {words}."
        return self.press(test, "go", to=found[0])

    @property
    def html(self) -> str:
        """Return the HTML of the page."""
        return "".join(self.shown.values())

    @property
    def text(self) -> str:
        """Return what is read on the page."""
        return html.unescape(re.sub(r"<[^>]*>", " ", self.html))

    @property
    def listed(self) -> list[str]:
        """Return the names in the table, in its order."""
        return [html.unescape(name) for name in re.findall(r'<th scope="row"><a [^>]*>(.*?)</a>', self.html)]
