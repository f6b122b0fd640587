"""Cards: the program's figures between people's words."""

from lib.training.card import BEGIN, END, figures, updated

METRICS = {
    "photos": 10,
    "top1": 0.8,
    "top5": 1.0,
    "ece": 0.0456,
    "parameters": 1234567,
    "classes": ["cat", "dog", "none here"],
    "per_class": {"cat": 0.75, "dog": 0.8333, "none here": None},
    "confusion": [[3, 1, 0], [1, 5, 0], [0, 0, 0]],
    "history": [{"epoch": 7, "step": 70, "seconds": 90.0}],
    "training_photos": 100,
    "teacher_top1": 0.93,
}


def test_figures_are_those_measured() -> None:
    text = figures(METRICS, {"model.tflite": 1_234_000})
    for line in (
        "- top-1 **0.800**, top-5 1.000",
        "- calibration: expected calibration error 0.046 (15 bins)",
        "- 1,234,567 parameters",
        "- `model.tflite`: 1.23 MB",
        "| cat | 0.75 | 4 |",
        "- cat taken for dog: 1 of 4",
        "- dog taken for cat: 1 of 6",
    ):
        assert line in text.splitlines()
    assert "none here" not in text
    assert text.index("| cat |") < text.index("| dog |"), "the weakest class comes first"


def test_the_best_epoch_is_named_and_among_which_it_is_the_best() -> None:
    history = [{"epoch": 1, "size": 48}, {"epoch": 2, "size": 96}, {"epoch": 3, "size": 96}]
    last = {**history[-1], "step": 30, "seconds": 90.0, "best_epoch": 2}
    text = figures({**METRICS, "history": [*history[:-1], last]}, {})
    assert (
        "kept are the weights of epoch 2, the best on these very photos, which flatters them a little, among the"
        in text
    )
    assert "among the epochs with photos of 96 pixels" in text


def test_the_unfamiliar_have_a_table() -> None:
    strangers = {"photos": 448, "clear": 0.241, "clear_and_familiar": 0.06, "auroc": 0.979, "fpr95": 0.107}
    novelty = {
        "threshold": 5.18, "clear": 0.9, "right": 0.97, "known_kept": 0.95, "right_and_familiar": 0.98,
        "photos": {"other-things": strangers},
    }  # fmt: skip
    lines = figures({**METRICS, "novelty": novelty}, {}).splitlines()
    assert "- verdict: clear for 0.900 of these photos, and then right for **0.970**" in lines
    assert "| validation photos | 10 | 0.900 | 0.855 |  |  |" in lines
    assert "| other-things | 448 | 0.241 | 0.060 | 0.979 | 0.107 |" in lines


def test_the_prose_around_the_figures_stays() -> None:
    card = f"# Mine\n\nBefore.\n\n{BEGIN}\nold figures\n{END}\n\nAfter.\n"
    new = updated(card, "unused", METRICS, {})
    assert new.startswith("# Mine\n\nBefore.\n")
    assert new.endswith("\n\nAfter.\n")
    assert "old figures" not in new
    assert updated(new, "unused", METRICS, {}) == new


def test_a_new_card_has_a_title() -> None:
    assert updated("", "Pets", METRICS, {}).startswith(f"# Pets\n\n{BEGIN}\n")
