"""Lesson 4: how a network looks: filters, maps of what they find, and why small networks take two cheap steps."""

from functools import partial
from html import escape

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from lib.classify.interpreters import Interpreters
from lib.classify.outputs import dequantise
from lib.formats.inner import expose
from lib.formats.layers import Convolution, Separable, convolutions, levels, separables
from lib.i18n import Translator
from lib.lessons.bench import Bench, Opened, Picture, side_for
from lib.lessons.choosing import along, among, picked, which_picture
from lib.lessons.lesson import Lesson, Option, Question, Scene, Step, Values, shuffled
from lib.lessons.pixels import shrunk
from lib.lessons.shown import data_url, figures, paragraph, rows, table
from lib.messages import N_

_MAP = N_("Map {n}")

MAPS = 12
_MAP_PX, _PHOTO_PX = 96, 256
_KERNEL = 3  # of the layers that are counted: what MobileNets are made of
# What is counted where a model has no such pair: one of MobileNet's.
_EXAMPLE = Separable(
    Convolution("depthwise", 3, (14, 14), 256, 256, 0), Convolution("pointwise", 1, (14, 14), 256, 256, 0)
)
_FILTERS: tuple[tuple[str, tuple[int, ...], int, int], ...] = (
    (N_("edges, left to right"), (-1, 0, 1, -2, 0, 2, -1, 0, 1), 4, 128),
    (N_("edges, top to bottom"), (-1, -2, -1, 0, 0, 0, 1, 2, 1), 4, 128),
    (N_("spots"), (-1, -1, -1, -1, 8, -1, -1, -1, -1), 4, 128),
    (N_("blur"), (1, 1, 1, 1, 1, 1, 1, 1, 1), 9, 0),
    (N_("nothing changes"), (0, 0, 0, 0, 1, 0, 0, 0, 0), 1, 0),
)


def filtered(image: Image.Image, which: int) -> Image.Image:
    """Return the grey picture that a filter makes of a picture; of edges, grey is no edge.

    Args:
        image: RGB.
        which: Place among the filters.
    """
    _, numbers, scale, offset = _FILTERS[which]
    return image.convert("L").filter(ImageFilter.Kernel((3, 3), numbers, scale, offset))


def _filters(bench: Bench, values: Values) -> Scene:
    t = bench.t
    which = which_picture(bench, values)
    how = among(values, "filter", t("Filter"), [t(name) for name, *_ in _FILTERS])
    shown = picked(bench, which)
    square = shrunk(shown.open(_PHOTO_PX), _PHOTO_PX)
    name, numbers, *_ = _FILTERS[how.at]
    lines = (numbers[start : start + 3] for start in range(0, 9, 3))
    cells = "".join(f"<tr>{''.join(f'<td>{number}</td>' for number in line)}</tr>" for line in lines)
    title = escape(t("The nine numbers"))
    grid = f'<table class="kernel"><caption>{title}</caption><tbody>{cells}</tbody></table>'
    alt = t("{name}, filtered: {filter}", name=shown.name, filter=t(name))
    return Scene(
        f'<div class="three"><img src="{data_url(square, "JPEG")}" alt="{escape(shown.name)}">{grid}'
        f'<img src="{data_url(filtered(square, how.at))}" alt="{escape(alt)}"></div>',
        (which, how),
    )


class _Eyes:
    """A model whose maps are outputs.

    Args:
        model: Which one.
    """

    def __init__(self, model: Opened) -> None:
        self.levels = levels(convolutions(model.folder))
        content = expose(model.folder.read_weights(), [one.place for one in self.levels], model.spec.weights)
        self.held_bytes = 4 * len(content)  # about: the file, and what an interpreter needs
        self._interpreters = Interpreters(content, model.spec, workers=1)

    def maps(self, tensor: NDArray[np.generic]) -> list[NDArray[np.float64]]:
        """Return the map of each level, shape (H, W, D), real values."""
        with self._interpreters.one() as interpreter:
            (entry,) = interpreter.get_input_details()
            interpreter.set_tensor(entry["index"], tensor)
            interpreter.invoke()
            found = interpreter.get_output_details()[1:]
            return [dequantise(interpreter.get_tensor(one["index"]), *one["quantization"])[0] for one in found]


def maps_of(bench: Bench, shown: Picture, model: Opened) -> list[NDArray[np.float64]]:
    """Return the maps of a model that looks at a picture, one for each level, shape (H, W, D)."""
    eyes = bench.drawn.get(("maps", model.folder.digest()), partial(_Eyes, model))
    return eyes.maps(model.classifier.prepare(shown.open(side_for(model))))


def strongest(maps: NDArray[np.float64], count: int = MAPS) -> list[int]:
    """Return which channels of a map, shape (H, W, D), differ most from place to place: there is something to see."""
    return [int(k) for k in np.argsort(-maps.std(axis=(0, 1)), kind="stable")[:count]]


def _drawn(channel: NDArray[np.float64]) -> Image.Image:
    low, high = float(channel.min()), float(channel.max())
    grey = (channel - low) / (high - low or 1.0)
    small = Image.fromarray(np.rint(255 * grey).astype(np.uint8))
    return small.resize((_MAP_PX, _MAP_PX), Image.Resampling.NEAREST)


def _maps(bench: Bench, values: Values) -> Scene:
    t, model = bench.t, bench.model()
    found = levels(convolutions(model.folder))
    which = which_picture(bench, values)
    names = [_level(t, place, one, len(found)) for place, one in enumerate(found)]
    how = along(values, "depth", t("How deep in the network"), names)
    shown = picked(bench, which)
    maps = maps_of(bench, shown, model)[how.at]
    height, width, channels = maps.shape
    pictures = "".join(
        f'<li><img src="{data_url(_drawn(maps[..., k]))}" alt="{escape(t(_MAP, n=k + 1))}"></li>'
        for k in strongest(maps)
    )
    said = t(
        "{n} maps of {width} × {height} places. Here are the {shown} that vary most; light is a strong answer.",
        n=channels,
        width=width,
        height=height,
        shown=min(MAPS, channels),
    )
    return Scene(f'<ul class="maps">{pictures}</ul>{paragraph(escape(said), "small soft")}', (which, how))


def _level(t: Translator, place: int, one: Convolution, count: int) -> str:
    height, width = one.size_hw
    return t("layer {n} of {total} ({width} × {height})", n=place + 1, total=count, width=width, height=height)


def counted(model: Opened) -> tuple[Separable, ...]:
    """Return the pairs of cheap steps of a model that are counted here: those of 3 × 3 filters, or any if none is."""
    every = separables(convolutions(model.folder))
    return tuple(one for one in every if one.depthwise.kernel == _KERNEL) or every


def _cost(bench: Bench, values: Values) -> Scene:
    t, model = bench.t, bench.model()
    found = counted(model)
    if not found:
        return Scene(paragraph(escape(t("{model} has no such layers.", model=model.spec.name))))
    names = [t("number {n} of {total}", n=place, total=len(found)) for place in range(1, len(found) + 1)]
    how = along(values, "layer", t("Layer"), names, len(found) - 1)
    pair = found[how.at]
    height, width = pair.pointwise.size_hw
    full, cheap = pair.full_multiplications, pair.multiplications
    kernel, channels, filters = pair.depthwise.kernel, pair.pointwise.channels, pair.pointwise.filters
    sums = (
        (t("one full step"), f"{height} · {width} · {channels} · {filters} · {kernel}²", f"{full:,}"),
        (t("depthwise"), f"{height} · {width} · {channels} · {kernel}²", f"{pair.depthwise.multiplications:,}"),
        (t("pointwise"), f"{height} · {width} · {channels} · {filters}", f"{pair.pointwise.multiplications:,}"),
        (t("both cheap steps"), "", f"{cheap:,}"),
    )
    bars = rows(
        t("Multiplications"),
        ((t("one full step"), 1.0, _about(full)), (t("both cheap steps"), cheap / full, _about(cheap))),
        first=2,
    )
    times = figures([(f"{full / cheap:.1f} ×", t("fewer multiplications"))])
    heads = (t("Step"), t("What is multiplied"), t("Multiplications"))
    return Scene(bars + times + table(heads[2], heads, sums), (how,))


def _about(count: int) -> str:
    """Return a large number as one says it: only its first three digits count."""
    return f"{round(count, 3 - len(str(count))):,}"


def _ask(bench: Bench) -> Question:
    t, model = bench.t, bench.model()
    pair = (counted(model) or (_EXAMPLE,))[-1]
    full, cheap = pair.full_multiplications, pair.multiplications
    why = t(
        "Depthwise {first}, pointwise {then}: together {cheap}. That is {times} times fewer than {full}.",
        first=_about(pair.depthwise.multiplications),
        then=_about(pair.pointwise.multiplications),
        cheap=_about(cheap),
        times=f"{full / cheap:.1f}",
        full=_about(full),
    )
    options = [
        Option(t("About {n}", n=_about(cheap)), why, is_right=True),
        Option(t("About {n}", n=_about(full // 2)), why),
        Option(t("About {n}", n=_about(max(cheap // 12, 1))), why),
    ]
    height, width = pair.pointwise.size_hw
    prompt = t(
        _PROMPT,
        width=width,
        height=height,
        channels=pair.pointwise.channels,
        filters=pair.pointwise.filters,
        kernel=pair.depthwise.kernel,
        full=_about(full),
    )
    hint = t("Work out each of the two cheap steps as it stands above, then add them.")
    return Question(prompt, shuffled(options, "network", model.spec.id), hint)


_PROMPT = N_(
    "A layer has {width} × {height} places, {channels} channels in, {filters} out, and filters of {kernel} × {kernel}. "
    "One full step costs {full} multiplications. What do depthwise and pointwise cost together?"
)

LESSON = Lesson(
    "network",
    N_("How a network looks"),
    N_("You can say what a filter is, what a feature map shows, and why small networks are fast."),
    9,
    (
        Step(
            N_("Nine numbers that find edges"),
            (
                N_(
                    "A *filter* is a small square of numbers. It slides over the photo. At each place the numbers "
                    "below it are multiplied by its own, and summed up: that is a *convolution*. Try some by hand."
                ),
            ),
            _filters,
            N_("A filter answers one question everywhere. Which one answers: is there an edge?"),
        ),
        Step(
            N_("What this network found"),
            (
                N_(
                    "A *network* is many *layers* of filters, one behind the other. Nobody wrote their numbers: they "
                    "were learned from photos. What one filter answers is a picture again, its *feature map*. Each "
                    "map is one *channel* of what the next layer gets."
                ),
            ),
            _maps,
            N_("First layers show edges and colours. Deep ones have few places, but each knows more of the photo."),
        ),
        Step(
            N_("Two cheap steps"),
            (
                N_(
                    "A full filter looks at all channels at once. That costs a lot. Small networks split the work. "
                    "*Depthwise*: filter each channel by itself. *Pointwise*: at each place, mix the channels, "
                    "without looking around."
                ),
                N_("Here are real layers of this network, counted."),
            ),
            _cost,
            N_("With 3 × 3 filters and many channels, about 8 to 9 times fewer."),
            uses_pictures=False,
        ),
        Step(
            N_("Count it yourself"),
            (N_("Full: height · width · in · out · filter². Depthwise has no “out”, pointwise has no “filter²”."),),
            ask=_ask,
            prompt=_PROMPT,
            uses_pictures=False,
        ),
    ),
    (
        N_("Goal: pupils see that a network is sums of products, that its filters are learned, and where the work is."),
        N_(
            "Without the app: a 3 × 3 frame of paper over a number grid on the board. Groups work out one place each; "
            "the edge appears."
        ),
        N_(
            "Often heard: “This map finds eyes.” Maps may look like it, but nobody told the network about eyes. Ask "
            "which other places are light."
        ),
        N_("In mathematics: the saving is 1 ÷ (1/out + 1/filter²). Why can it never be more than 9 for 3 × 3?"),
    ),
    N_("Work out by hand what “spots” makes of nine equal numbers. What does that mean for a blue sky?"),
)
