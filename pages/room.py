"""Room: everybody's phones and one screen; a class guesses before the model answers."""

from lib.ui.language import translator
from lib.ui.room import plan, wall

if plan.is_asked():
    plan.draw(translator())
else:
    wall.draw(translator())
