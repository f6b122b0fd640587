"""Join: where phones find the app, to be read from the last row; for the host."""

from lib.ui.classroom import screen
from lib.ui.language import translator

screen.draw(translator())
