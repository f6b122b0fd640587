"""What the worker makes of failures that are nobody's photo's."""

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from lib.errors import DownloadError
from lib.training import TrainOptions, worker


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (OSError(errno.ENOSPC, "full"), "The disk is full: Pets could not be saved."),
        (RuntimeError(f"HDF5: {os.strerror(errno.ENOSPC)}"), "The disk is full: Pets could not be saved."),
        (OSError(errno.EROFS, "it may only be read", "there/x"), "there/x could not be saved: it may only be read."),
    ],
)
def test_what_the_disk_refuses_is_one_sentence(
    error: Exception, told: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def fail(run: worker.Run) -> dict[str, Any]:
        raise error

    monkeypatch.setattr(worker.Run, "__call__", fail)
    monkeypatch.setattr(os, "nice", lambda more: None)
    payload = {"options": TrainOptions(tmp_path, name="Pets").to_json(), "destination": "x", "work": "y"}
    with pytest.raises(DownloadError) as refused:
        worker.train_in_worker(payload, lambda event: None)
    assert str(refused.value) == told


def test_a_bug_stays_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def fail(run: worker.Run) -> dict[str, Any]:
        raise KeyError("loss")

    monkeypatch.setattr(worker.Run, "keep", fail)
    monkeypatch.setattr(os, "nice", lambda more: None)
    payload = {"options": TrainOptions(tmp_path).to_json(), "destination": "x", "work": "y"}
    with pytest.raises(KeyError, match="loss"):
        worker.keep_in_worker(payload, lambda event: None)
