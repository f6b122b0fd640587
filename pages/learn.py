"""Learn: eight lessons on one's own photos, whose questions mark themselves."""

from lib.ui.language import translator
from lib.ui.learn import stage

stage.draw(translator())
