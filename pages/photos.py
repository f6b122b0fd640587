"""Where photos go: what leaves the device, where it is kept, for how long, who sees it, and how to end it."""

from lib.ui import where_photos_go
from lib.ui.language import translator

where_photos_go.draw(translator())
