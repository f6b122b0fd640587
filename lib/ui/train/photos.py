"""Below the columns of the page Train: one's photos looked at, and checked. Folded: what is closed costs nothing."""

from lib.i18n import Translator
from lib.projects.project import Project
from lib.ui.train import checking, looking


def draw(t: Translator, project: Project) -> None:
    """Draw both sections for this browser's own project."""
    looking.draw(t, project)
    checking.draw(t, project)
