"""The three columns of the page Train, one component: collect photos, watch the model learn, see how good it is.

Photos and answers travel by routes of their own, without a run of the page.
"""

from lib.i18n import Translator
from lib.ui import web
from lib.ui.train.words import said

_KEY = "train"


def draw(t: Translator) -> None:
    """Draw the columns."""
    web.component("train")(key=_KEY, height="content", data={"language": t.language, "say": said(t)})
