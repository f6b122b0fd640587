"""Where runs work and what they leave: each has places of its own, and a disk that refuses is told."""

import json
import os
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lib.errors import Cancelled, DownloadError, UsageError
from lib.training import TrainOptions, train
from lib.training.launch import MOST_RUNS
from lib.work import process
from lib.work.locks import claim

Work = Callable[[TrainOptions], None]


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    for name in ("cat/1.png", "cat/2.png", "dog/1.png", "dog/2.png"):
        path = tmp_path / "photos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"\x89PNG\r\n\x1a\n")
    return tmp_path / "photos"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DISCERN_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def finish(options: TrainOptions) -> None:
    """Leave what a finished run leaves in its destination."""
    assert options.destination is not None
    options.destination.mkdir(parents=True)
    (options.destination / "metrics.json").write_text(json.dumps({"top1": 1.0}))
    (options.destination / "model.toml").write_text(f'id = "{options.destination.name}"')


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Callable[[Work], None]:
    """Put something else in the place of the worker process."""

    def put(work: Work) -> None:
        def run(function: str, payload: dict[str, Any], **limits: Any) -> dict[str, Any]:
            places = {name: Path(payload[name]) for name in ("destination", "work")}
            work(replace(TrainOptions.from_json(payload["options"]), **places))
            return {"skipped": [], "notes": []}

        monkeypatch.setattr(process, "run", run)

    return put


def ignore(event: object) -> None:
    """Take an event and do nothing."""


def test_two_runs_on_one_folder_get_in_nobodys_way(photos: Path, home: Path, work: Callable[[Work], None]) -> None:
    both = threading.Barrier(2, timeout=10)
    seen: list[TrainOptions] = []
    results: list[Path] = []

    def meet(options: TrainOptions) -> None:
        seen.append(options)
        both.wait()  # both have begun
        finish(options)
        both.wait()  # nothing of the other is gone
        assert options.work is not None
        assert options.work.is_dir()
        both.wait()

    def run() -> None:
        results.append(train(TrainOptions(photos, name="Pets"), on_event=ignore).folder)

    work(meet)
    runs = [threading.Thread(target=run) for _ in range(2)]
    for one in runs:
        one.start()
    for one in runs:
        one.join()
    assert {options.destination for options in seen} == {home / "models" / "pets", home / "models" / "pets-2"}
    assert len({options.work for options in seen}) == 2
    assert set(results) == {options.destination for options in seen}
    assert list((home / "work").iterdir()) == []


def test_a_stopped_run_is_taken_up_at_its_place_unless_a_photo_changed(
    photos: Path, home: Path, work: Callable[[Work], None]
) -> None:
    seen: list[Path | None] = []

    def stop(options: TrainOptions) -> None:
        seen.append(options.work)
        raise Cancelled

    work(stop)
    for change in (None, None, photos / "cat" / "3.png", photos / "dog" / "1.png"):
        if change is not None:
            change.write_bytes(b"\x89PNG\r\n\x1a\n")
            os.utime(change, ns=(0, len(seen)))
        with pytest.raises(Cancelled):
            train(TrainOptions(photos), on_event=ignore)
    assert seen[0] == seen[1]
    assert len(set(seen)) == 3
    assert not (home / "models").exists(), "a name that was held leaves nothing"


def test_what_stopped_runs_left_is_bounded(photos: Path, home: Path, work: Callable[[Work], None]) -> None:
    for age in range(5):
        (home / "work" / f"old-{age}" / "run").mkdir(parents=True)
        os.utime(home / "work" / f"old-{age}" / "run", (10**9 - age, 10**9 - age))
    held = claim(home / "locks" / "train-old-4.lock")
    assert held is not None
    work(finish)
    train(TrainOptions(photos), on_event=ignore)
    kept = [f"old-{age}" for age in range(MOST_RUNS - 1)]
    assert sorted(path.name for path in (home / "work").iterdir()) == [*kept, "old-4"], "one of them goes on"
    held.release()


def test_what_is_no_model_is_not_written_over(photos: Path, home: Path, work: Callable[[Work], None]) -> None:
    work(finish)
    with pytest.raises(UsageError, match="is there already and is no model folder"):
        train(TrainOptions(photos, destination=photos), on_event=ignore)


@pytest.mark.parametrize("place", ["home", "home/locks", "home/work"])
def test_a_data_folder_that_cannot_be_written_is_told(place: str, photos: Path, home: Path, tmp_path: Path) -> None:
    (tmp_path / place).parent.mkdir(exist_ok=True)
    (tmp_path / place).write_text("a file in the way")
    with pytest.raises(DownloadError, match="could not be saved"):
        train(TrainOptions(photos), on_event=ignore)
