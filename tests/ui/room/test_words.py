"""What the scripts of the page Room say is what they are handed, and nothing else."""

import re

from lib.i18n import Translator
from lib.ui import web
from lib.ui.room.words import said

SCRIPTS = "".join(map(web.read, ("room.js", "frame.js", "wall.js", "gather.js", "sheets.js")))


def test_every_word_that_the_scripts_say_is_handed_over_and_none_for_nothing() -> None:
    named = set(re.findall(r"\bsay\.(\w+)", SCRIPTS)) | set(re.findall(r'"(left\w+)"', SCRIPTS))
    assert set(said(Translator("en"))) == named
