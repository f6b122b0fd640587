"""What is free goes back to the system."""

import gc
import subprocess
import sys
import weakref

import pytest

from lib.server import memory


class Circle:
    def __init__(self) -> None:
        self.itself = self


def test_what_is_in_circles_goes() -> None:
    gone = weakref.ref(Circle())
    memory.give_back()
    assert gone() is None


def test_what_was_there_is_passed_over_and_what_comes_later_is_not() -> None:
    try:
        memory.settle()
        assert gc.get_freeze_count() > 1000
        gone = weakref.ref(Circle())
        memory.give_back()
        assert gone() is None
    finally:
        gc.unfreeze()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Only Linux has glibc's allocator.")
def test_many_threads_share_few_places() -> None:
    """Threads at work at the same time: each new place is a mapping of its own in the process's list of them."""
    code = """
import re, sys, threading
from pathlib import Path
from lib.server import memory
if sys.argv[1] == "shared":
    memory.share_arenas()
together, over = threading.Barrier(9), threading.Event()
def work():
    held = [bytes(600) for _ in range(100)]
    together.wait(20)
    over.wait(20)
for _ in range(8):
    threading.Thread(target=work, daemon=True).start()
together.wait(20)
# glibc reserves 64 MB for each, at an address that is a multiple of that
starts = {line.split("-")[0] for line in Path("/proc/self/maps").read_text().splitlines()}
print(sum(int(start, 16) % 2**26 == 0 for start in starts))
over.set()
"""
    counts = {
        how: int(subprocess.run([sys.executable, "-c", code, how], stdout=subprocess.PIPE, check=True).stdout)
        for how in ("shared", "own")
    }
    assert counts["shared"] < counts["own"]
