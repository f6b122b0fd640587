"""Memory that is free goes back to the system: glibc's allocator keeps it unless it is told otherwise."""

import contextlib
import ctypes
import gc

_M_ARENA_MAX = -8  # <malloc.h>
_ARENAS = 2


def share_arenas() -> None:
    """Let all threads allocate from a few places; to be called before they begin.

    glibc gives each thread one of its own, up to eight a core, and what is free in one is of no use to the others.
    After thirty pages were opened at once, the server held 98 MB more than before. With two places from here on, beside
    the few that Streamlit's start made, it was 72 MB; from the start on, as `make run` has it, 37 MB.
    """
    with contextlib.suppress(AttributeError, OSError, TypeError):  # another C library
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, _ARENAS)


def give_back() -> None:
    """Collect what is in circles, and give back what is free."""
    gc.collect()
    with contextlib.suppress(AttributeError, OSError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)


def settle() -> None:
    """Let the collector pass over all that is there now: it stays as long as the server runs.

    A full collection looks at a hundred thousand objects of modules and models, for a tenth of a second in which nobody
    is answered; without these it takes a millisecond.
    """
    gc.collect()
    gc.freeze()
