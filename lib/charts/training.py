"""How a training goes → charts."""

from collections.abc import Mapping, Sequence

from lib.charts.palette import (
    DASHES,
    RUNNING,
    SHAPES,
    WINNER,
    Spec,
    chart_of,
    layer,
    number_axis,
    share_axis,
    tips,
    told_apart,
)
from lib.i18n import Translator
from lib.messages import N_

_HEIGHT_PX = 300

Row = Mapping[str, float]


def loss_curves(history: Sequence[Row], live: Sequence[Row], say: Translator) -> Spec:
    """Return the loss of each epoch, on the photos it learns from and on the held-out ones.

    Args:
        history: Of each epoch: "epoch", "loss", "val_loss", "accuracy", "val_accuracy"; "loss" and "accuracy" may be
            missing where nothing was learned yet.
        live: Between them, of the photos it learns from: "at" in epochs, "loss", "accuracy".
        say: The reader's language.
    """
    highest = max([1.0, *(row[key] for row in history for key in ("loss", "val_loss") if key in row)])
    title = say(N_("loss (lower is better)"))
    return _curves(history, live, "loss", number_axis("value", title, 0, 1.05 * highest), say)


def accuracy_curves(history: Sequence[Row], live: Sequence[Row], say: Translator) -> Spec:
    """Return the share of right answers after each epoch; arguments as in `loss_curves`."""
    return _curves(history, live, "accuracy", share_axis("value", say(N_("right answers"))), say)


def _curves(history: Sequence[Row], live: Sequence[Row], key: str, y: Spec, say: Translator) -> Spec:
    learning, held_out = say(N_("photos it learns from")), say(N_("held-out photos"))
    rows = [
        {"at": row["epoch"], "photos": photos, "value": row[name], "shown": f"{row[name]:.3f}"}
        for photos, name in ((learning, key), (held_out, f"val_{key}"))
        for row in history
        if name in row
    ]
    steps = [{"at": row["at"], "value": row[key]} for row in live]
    last = max([1.0, *(row["epoch"] for row in history), *(row["at"] for row in live)])
    x = number_axis("at", say(N_("epoch")), 0, last, axis={"tickMinStep": 1, "format": "d"})
    legend = {"orient": "bottom", "symbolStrokeWidth": 0}
    colour, shape, dash = (
        told_apart("photos", [learning, held_out], signs, legend=legend)
        for signs in ((WINNER, RUNNING), SHAPES, DASHES)
    )
    place = {"x": x, "y": y, "color": colour}
    told = tips(photos=say(N_("photos")), at=say(N_("epoch")), shown=str(y["title"]))
    layers = [
        layer(steps, "line", {"x": x, "y": y}, color=WINNER, opacity=0.35, strokeWidth=1, clip=True),
        layer(rows, "line", {**place, "strokeDash": dash}, strokeWidth=2, clip=True),
        layer(rows, "point", {**place, "shape": shape, "tooltip": told}, filled=True, opacity=1, size=40),
    ]
    return chart_of(layers, height=_HEIGHT_PX)
