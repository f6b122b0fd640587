"""`python -m lib train`: from arguments to options, and what is said meanwhile."""

import argparse
import json
from pathlib import Path

import pytest

from lib.cli.train import Reporter, add_arguments, options_from
from lib.errors import UsageError
from lib.training import TrainEvent, TrainOptions


def parsed(*arguments: str) -> TrainOptions:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return options_from(parser.parse_args(arguments))


def test_without_arguments_the_command_line_asks_for_what_the_options_ask_for() -> None:
    assert parsed("photos") == TrainOptions(Path("photos"))


def test_arguments_reach_the_options() -> None:
    options = parsed(
        "photos", "--recipe", "scratch", "--architecture", "xception", "--minutes", "2.5", "--size", "96",
        "--extra", "a", "--extra", "b", "--teacher", "mobilenet-v2", "--seed", "3", "--no-progressive", "--out", "m",
    )  # fmt: skip
    assert options == TrainOptions(
        Path("photos"), architecture="xception", minutes=2.5, size=96, extra=(Path("a"), Path("b")),
        teacher="mobilenet-v2", seed=3, progressive=False, destination=Path("m"),
    )  # fmt: skip


def test_a_value_out_of_range_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="epochs must be between"):
        parsed("photos", "--epochs", "0")


def test_people_are_told_of_stages_and_epochs_programs_of_every_event(capsys: pytest.CaptureFixture[str]) -> None:
    events = [
        TrainEvent("scan", total=9),
        TrainEvent("fit", step=1),
        TrainEvent("fit", step=2),
        TrainEvent("fit", step=3, val_accuracy=0.51234),
    ]
    for_people, for_programs = Reporter(as_json=False), Reporter(as_json=True)
    for event in events:
        for_people(event)
    shown = capsys.readouterr()
    assert shown.err.splitlines() == ["scan total=9", "fit step=1", "fit step=3 val_accuracy=0.5123"]
    for event in events:
        for_programs(event)
    assert [TrainEvent.from_dict(json.loads(line)) for line in capsys.readouterr().err.splitlines()] == events
    assert shown.out == ""
