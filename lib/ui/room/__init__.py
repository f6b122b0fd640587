"""A room: the wall that its teacher shows on the projector, and what phones open."""
