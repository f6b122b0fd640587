"""What to know about the code: what it does, and what to watch."""

from lib.embed.options import Options
from lib.messages import Message


def notes_on(options: Options) -> tuple[Message, ...]:
    """Return what to know about the code for `options`, one sentence or two each."""
    return ()
