"""One at a time, among threads and processes; waiting can be given up."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from lib.errors import Cancelled, DownloadError
from lib.work.locks import claim, left_behind, locked

ROOT = Path(__file__).resolve().parents[2]
HOLD = (
    "import sys; from pathlib import Path; from lib.work.locks import claim\n"
    "lock = claim(Path(sys.argv[1])); print(lock is not None, flush=True); input()"
)


def test_a_second_one_waits_and_can_give_up(tmp_path: Path) -> None:
    path, cancelled, ends = tmp_path / "deep" / "a.lock", threading.Event(), []

    def wait() -> None:
        try:
            with locked(path, cancelled=cancelled):
                ends.append("held")
        except Cancelled:
            ends.append("gave up")

    with locked(path):
        second = threading.Thread(target=wait)
        second.start()
        second.join(0.2)
        assert ends == []
        cancelled.set()
        second.join(5)
    assert ends == ["gave up"]
    with locked(path):
        pass


def test_a_place_that_cannot_be_written_is_told_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "locks").write_text("a file where the folder should be")
    with pytest.raises(DownloadError, match="locks could not be saved"), locked(tmp_path / "locks" / "a.lock"):
        pass


def test_a_lock_of_another_process_is_free_once_that_was_killed(tmp_path: Path) -> None:
    path = tmp_path / "a.lock"
    other = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert other.stdout is not None
    assert other.stdout.readline().strip() == "True"
    assert claim(path) is None
    assert list(left_behind(tmp_path)) == []
    other.kill()
    other.communicate()
    assert list(left_behind(tmp_path)) == [path]
    assert not path.exists()
