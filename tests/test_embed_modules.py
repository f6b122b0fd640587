"""The JavaScript that web snippets share, run in Node: it decides, scales and computes as the Python does."""

import base64
import json
import math
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from lib.classify.infer import least_side
from lib.classify.outputs import dequantise, sum_slack, to_probabilities
from lib.classify.preprocess import Quantiser, resize, to_floats
from lib.datasets.groups import groups_of
from lib.embed import MOBILENETS, Engine, Options, Target, render
from lib.embed.web import description, modules
from lib.embed.words import FAULTS
from lib.errors import ModelOutputError
from lib.i18n import LANGUAGES, Translator
from lib.model.imagenet import imagenet
from lib.model.spec import FILTERS, RESIZE_RULES, InputSpec, ModelFolder, OutputSpec
from lib.photos.pixels import DECODE_FLOOR
from lib.results import Familiarity
from lib.verdict import Groups, Thresholds, explain, judge, judge_groups, numbers, percent, rank, strange, sure_group
from tests.embed.packages import find_node
from tests.support.pictures import noise

DRIVER = Path(__file__).with_name("embed_modules.mjs")
RANDOM = np.random.default_rng(4)

Call = tuple[str, str, list[Any]]
Run = Callable[[Iterable[Call]], list[dict[str, Any]]]


@pytest.fixture(scope="module")
def node() -> str:
    found = find_node()
    if found is None:
        pytest.skip("Node is needed: there is none on this machine, nor the package that tests/embed installs")
    return found.node


@pytest.fixture
def run(node: str, tmp_path: Path) -> Run:
    """Return what calls functions of the modules of discern.js: (module, function, arguments) → result or error."""
    return lambda calls: run_in(node, tmp_path, calls)


def run_in(node: str, folder: Path, calls: Iterable[Call]) -> list[dict[str, Any]]:
    for name, text in modules(Engine.LITERT):
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "package.json").write_text('{"type": "module"}')
    asked = [{"module": module, "name": name, "arguments": values} for module, name, values in calls]
    done = subprocess.run(
        [node, DRIVER],
        input=json.dumps({"folder": str(folder), "calls": asked}),
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


# The verdict --------------------------------------------------------------------------------------------------------

# DESIGN's table of verdicts; of 10 and 1000 classes, the rest shares what is left.
TABLE = [
    pytest.param([0.91, 0.07, 0.02], "clear", id="3 classes, one leads"),
    pytest.param([0.35, 0.34, 0.31], "none", id="3 classes, all alike"),
    pytest.param([0.943, 0.057], "clear", id="2 classes, one leads"),
    pytest.param([0.66, 0.34], "close", id="2 classes, a rival"),
    pytest.param([0.67, 0.33], "clear", id="2 classes, just no rival"),
    pytest.param([0.5, 0.5], "close", id="2 classes, alike"),
    pytest.param([0.4, 0.1, *[0.0625] * 8], "weak", id="10 classes, a weak winner"),
    pytest.param([0.45, 0.4, *[0.01875] * 8], "none", id="10 classes, weak with a rival"),
    pytest.param([0.45, 0.4, *[0.15 / 998] * 998], "close", id="1000 classes, a rival"),
    pytest.param([0.446, *[0.554 / 999] * 999], "clear", id="1000 classes, a lot"),
    pytest.param([0.122, *[0.878 / 999] * 999], "weak", id="1000 classes, a weak winner"),
    pytest.param([0.2] * 5, "none", id="uniform"),
    pytest.param([1.0], "clear", id="one class"),
]


@pytest.mark.parametrize(("probabilities", "kind"), TABLE)
def test_the_verdicts_are_those_of_the_table(run: Run, probabilities: list[float], kind: str) -> None:
    labels = [f"class {i}" for i in range(len(probabilities))]
    floor = 0.5 if len(labels) <= 20 else 0.2
    (found,) = run([("verdict", "judge", [probabilities, labels, {"ratio": 0.5, "floor": floor}])])
    assert found["result"]["kind"] == kind


@pytest.mark.parametrize("hint", [False, True])
@pytest.mark.parametrize("score", [3.1, 5.1799, 5.18, -0.01])
def test_an_unfamiliar_photo_is_said_to_be_so_before_any_verdict_but_a_hint_before_a_clear_one_alone(
    run: Run, score: float, hint: bool
) -> None:
    verdicts = [judge(np.array(p), ("a", "b", "c")) for p in ([0.9, 0.07, 0.03], [0.55, 0.4, 0.05], [0.4, 0.3, 0.3])]
    novelty = {"threshold": 5.18, "digits": 1, **({"hint": True} if hint else {})}
    found = run([("verdict", "judgeNovelty", [score, novelty, v.kind.value]) for v in verdicts])
    familiarity = Familiarity("max-logit", score, 5.18, hint)
    for told, verdict in zip(found, verdicts, strict=True):
        assert told["result"]["unfamiliar"] == familiarity.is_unfamiliar
        assert told["result"]["strange"] == (strange(verdict, familiarity) is not None)
        assert tuple(told["result"]["numbers"]) == numbers(familiarity)


def cases() -> list[tuple[NDArray[np.float64], tuple[str, ...], Thresholds]]:
    """Return probabilities of all sorts: random, with ties, nearly certain, 8-bit, and thresholds of all sorts."""
    found = []
    for number in range(400):
        classes = int(RANDOM.choice([1, 2, 3, 5, 10, 20, 21, 100, 1000]))
        values = RANDOM.dirichlet(np.full(classes, RANDOM.choice([0.01, 0.1, 1.0, 50.0])))
        if number % 3 == 1:  # as an 8-bit output has it, with many ties
            values = np.maximum(np.rint(values * 255), number % 2)
            values[0] += not values.any()
        values = values / values.sum()
        thresholds = Thresholds(
            float(RANDOM.choice([0.5, 0.2, 0.9, RANDOM.uniform(0.2, 0.9)])),
            None if number % 2 else float(RANDOM.uniform(0.05, 0.95)),
        )
        labels = tuple(f"{{names}} $& {i}" for i in range(classes))  # a label must not be taken for a gap
        found.append((values, labels, thresholds))
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_verdict_and_sentence_are_those_of_the_app(
    node: str, tmp_path: Path, tiny_model: Callable[[str], ModelFolder], language: str
) -> None:
    say = Translator(language)
    words = description(Options(tiny_model("float32"), Target.NPM, language=language))["words"]
    every = cases()
    judged = run_in(
        node,
        tmp_path,
        [
            ("verdict", "judge", [v.tolist(), list(n), {"ratio": t.ratio, "floor": t.floor_for(len(n))}])
            for v, n, t in every
        ],
    )
    told = run_in(node, tmp_path, [("verdict", "explain", [one["result"], words]) for one in judged])
    kinds = set()
    for (values, names, thresholds), one, sentence in zip(every, judged, told, strict=True):
        expected = judge(values, names, thresholds)
        kinds.add(expected.kind.value)
        assert one["result"]["kind"] == expected.kind.value
        assert [rival["index"] for rival in one["result"]["rivals"]] == [rival.index for rival in expected.rivals]
        assert one["result"]["moreRivals"] == expected.more_rivals
        assert sentence["result"] == say.message(explain(expected))
    assert kinds == {"clear", "close", "weak", "none"}


def grouped_cases(groups: Groups) -> list[tuple[NDArray[np.float64], Thresholds]]:
    """Return probabilities that favour a group or two, some in the steps of 8 bits, and thresholds of all sorts."""
    found = []
    for number in range(3000):
        weights = RANDOM.dirichlet(np.full(len(groups.names) + 1, 0.15))[groups.of_class]
        values = weights * RANDOM.gamma(RANDOM.choice([0.2, 1.0, 20.0]), size=len(weights)) + 1e-9
        values /= values.sum()
        if number % 3 == 0:
            values = np.rint(values * 256)
            values[0] += not values.any()
            values /= values.sum()
        thresholds = Thresholds(
            float(RANDOM.choice([0.5, 0.5, 0.2, 0.9])), None if number % 2 else float(RANDOM.uniform(0.05, 0.95))
        )
        found.append((values, thresholds))
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_groups_and_their_sentence_are_those_of_the_app(node: str, tmp_path: Path, language: str) -> None:
    say, options = Translator(language), Options(MOBILENETS["tfjs-mobilenet-v1-0.25"], Target.NPM, language=language)
    words = description(options)["words"]
    # Thirty classes in eight groups of the real names; the whole table is compared below.
    names = tuple(f"{{names}} $& {number}" for number in range(30))
    real = imagenet_groups()
    groups = Groups(real.names[:8], real.phrases[:8], RANDOM.permutation([*range(9), *RANDOM.integers(0, 9, 21)]))
    spans = {
        say.word(phrase): " ".join(map(str, np.flatnonzero(groups.of_class == number)))
        for number, phrase in enumerate(groups.phrases)
    }
    every = grouped_cases(groups)
    calls = [
        (values.tolist(), {"ratio": thresholds.ratio, "floor": thresholds.floor_for(30)})
        for values, thresholds in every
    ]
    judged = run_in(node, tmp_path, [("verdict", "judge", [v, names, limits]) for v, limits in calls])
    leading = run_in(node, tmp_path, [("verdict", "judgeGroups", [v, names, spans, limits]) for v, limits in calls])
    told = run_in(
        node,
        tmp_path,
        [
            ("verdict", "explain", [one["result"], words, group["result"]])
            for one, group in zip(judged, leading, strict=True)
        ],
    )
    said = 0
    for (values, thresholds), group, sentence in zip(every, leading, told, strict=True):
        verdict, expected = judge(values, names, thresholds), judge_groups(values, names, groups, thresholds)
        said += sure_group(verdict, expected) is not None
        assert (group["result"] is None) == (expected is None)
        if expected is not None:
            assert group["result"]["phrase"] == say.word(expected.phrase)
            assert group["result"]["probability"] == expected.probability
            assert group["result"]["kind"] == expected.verdict.value
            assert [rival["index"] for rival in group["result"]["rivals"]] == [r.index for r in expected.rivals]
            assert group["result"]["moreRivals"] == expected.more_rivals
        assert sentence["result"] == say.message(explain(verdict, expected))
    assert said > 100


def imagenet_groups() -> Groups:
    groups = groups_of(tuple(names[0] for _, names in imagenet()))
    assert groups is not None
    return groups


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_table_of_a_snippet_is_that_of_the_app_and_small(language: str) -> None:
    options = Options(MOBILENETS["tfjs-mobilenet-v1-0.25"], Target.NPM, language=language)
    spans = json.loads(render(options).files["public/model.json"])["groups"]
    groups, say = imagenet_groups(), Translator(language)
    of_class = np.full(1000, len(groups.names))
    for number, ranges in enumerate(spans.values()):
        for first, _, last in (span.partition("-") for span in ranges.split()):
            of_class[int(first) : int(last or first) + 1] = number
    assert of_class.tolist() == groups.of_class.tolist()
    assert list(spans) == [say.word(phrase) for phrase in groups.phrases]
    assert len(json.dumps(spans, ensure_ascii=False).encode()) < 5000


def test_a_model_without_groups_has_neither_table_nor_sentences(tiny_model: Callable[[str], ModelFolder]) -> None:
    files = render(Options(tiny_model("float32"), Target.NPM)).files
    assert '"groups"' not in files["public/model.json"]
    assert "Most likely" not in "".join(files.values())


def test_percentages_round_as_in_the_app(run: Run) -> None:
    values = [0.0, 1e-9, 0.004, 0.005, 0.015, 0.025, 0.125, 0.145, 0.5, 0.994, 0.995, 0.9999, 1.0, *RANDOM.random(200)]
    found = run(("verdict", "percent", [float(value)]) for value in values)
    assert [one["result"] for one in found] == [percent(float(value)) for value in values]


def test_ties_keep_the_lower_index(run: Run) -> None:
    (found,) = run([("verdict", "rank", [[0.4, 0.4, 0.2], ["ant", "bee", "cat"], 2])])
    expected = rank(np.array([0.4, 0.4, 0.2]), ("ant", "bee", "cat"), top=2)
    assert [one["label"] for one in found["result"]] == [one.label for one in expected] == ["ant", "bee"]


# Tensors ------------------------------------------------------------------------------------------------------------

SPECS = [
    pytest.param(InputSpec((4, 4)), id="from -1 to 1"),
    pytest.param(InputSpec((4, 4), (0.0, 255.0)), id="bytes"),
    pytest.param(
        InputSpec((4, 4), (0.0, 1.0), "crop", (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)), id="mean and std"
    ),
]


def _input(spec: InputSpec, dtype: str, scale: float = 0.0, zero_point: int = 0) -> dict[str, Any]:
    return {
        "range": spec.range, "mean": spec.mean, "std": spec.std, "type": dtype, "scale": scale, "zeroPoint": zero_point
    }  # fmt: skip


@pytest.mark.parametrize("spec", SPECS)
def test_real_inputs_are_the_same_to_the_last_bit(run: Run, spec: InputSpec) -> None:
    pixels = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1)
    (found,) = run([("tensor", "toTensor", [pixels.ravel().tolist(), _input(spec, "float32")])])
    assert np.array_equal(np.array(found["result"], np.float32), to_floats(pixels, spec).ravel())


@pytest.mark.parametrize("spec", SPECS)
@pytest.mark.parametrize("dtype", ["uint8", "int8"])
@pytest.mark.parametrize(("scale", "zero_point"), [(0.0078125, 128), (0.0078431, 0), (0.02, 60), (1.0, 0), (0.0, 0)])
def test_whole_inputs_are_the_same(run: Run, spec: InputSpec, dtype: str, scale: float, zero_point: int) -> None:
    pixels = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1)
    expected = Quantiser(spec, np.dtype(dtype).type, scale, zero_point)(pixels)
    (found,) = run([("tensor", "toTensor", [pixels.ravel().tolist(), _input(spec, dtype, scale, zero_point)])])
    assert found["result"] == expected.ravel().tolist()


def _output(spec: OutputSpec, scale: float = 0.0, zero_point: int = 0) -> dict[str, Any]:
    return {
        "scale": scale, "zeroPoint": zero_point, "activation": spec.activation, "background": spec.background,
        "classes": spec.classes, "slack": sum_slack(spec, scale),
    }  # fmt: skip


OUTPUTS = [
    pytest.param([3, 0, 252], 1 / 256, 0, OutputSpec(3), id="8 bits"),
    pytest.param([-120, -128, 100], 1 / 256, -128, OutputSpec(3), id="signed, sums to less than 1"),
    pytest.param([9, 100, 3, 50], 1 / 256, 0, OutputSpec(3, "first"), id="background first"),
    pytest.param([9, 100, 3, 50], 1 / 256, 0, OutputSpec(3, "last"), id="background last"),
    pytest.param([2.5, -800.0, 900.0], 0.0, 0, OutputSpec(3, "none", "logits"), id="logits"),
    pytest.param([2.5, -1.0, 0.3, 0.1], 0.0, 0, OutputSpec(3, "first", "logits"), id="logits with background"),
    pytest.param([0.3], 0.0, 0, OutputSpec(2, "none", "sigmoid"), id="one unit"),
    pytest.param([-3.1], 0.0, 0, OutputSpec(2, "none", "logits"), id="one unit of logits"),
    pytest.param([0.2, 0.7], 0.0, 0, OutputSpec(2, "none", "logits"), id="two units of logits"),
    pytest.param([0.5, -1e-6, 0.5], 0.0, 0, OutputSpec(3), id="a rounding error below zero"),
]


@pytest.mark.parametrize(("raw", "scale", "zero_point", "spec"), OUTPUTS)
def test_outputs_are_read_as_in_the_app(
    run: Run, raw: list[float], scale: float, zero_point: int, spec: OutputSpec
) -> None:
    (found,) = run(
        [("tensor", "toProbabilities", [{"numbers": [str(v) for v in raw]}, _output(spec, scale, zero_point), FAULTS])]
    )
    expected = to_probabilities(dequantise(np.array(raw), scale, zero_point), spec, scale=scale)
    assert found == {"result": pytest.approx(expected)}


@pytest.mark.parametrize(
    ("raw", "spec"),
    [
        pytest.param([0.5, math.nan, 0.5], OutputSpec(3), id="not a number"),
        pytest.param([0.5, math.inf, 0.5], OutputSpec(3, "none", "logits"), id="infinite"),
        pytest.param([0.5, -0.1, 0.5], OutputSpec(3), id="negative"),
        pytest.param([0.0, 0.0, 0.0], OutputSpec(3), id="all zero"),
        pytest.param([2.5, 0.5, 7.0], OutputSpec(3), id="raw scores"),
        pytest.param([0.9, 0.2, 0.8], OutputSpec(2, "first"), id="independent sigmoids with background"),
        pytest.param([2.5, -0.5, 7.0], OutputSpec(3), id="raw scores, one negative"),
        pytest.param([0.5, 0.5], OutputSpec(3), id="too few"),
    ],
)
def test_what_is_no_answer_is_refused_in_the_same_words(run: Run, raw: list[float], spec: OutputSpec) -> None:
    with pytest.raises(ModelOutputError) as expected:
        to_probabilities(np.array(raw), spec)
    (found,) = run([("tensor", "toProbabilities", [{"numbers": [str(v) for v in raw]}, _output(spec), FAULTS])])
    assert found == {"error": str(expected.value)}


# Pixels -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", RESIZE_RULES)
@pytest.mark.parametrize("name", FILTERS)
@pytest.mark.parametrize(
    ("size_wh", "target_wh"),
    [
        pytest.param((48, 32), (6, 4), id="smaller"),
        pytest.param((5, 9), (8, 12), id="larger"),
        pytest.param((61, 300), (32, 32), id="narrow, in several strips"),
        pytest.param((301, 60), (32, 24), id="wide"),
        pytest.param((33, 17), (33, 17), id="the same"),
        pytest.param((1, 1), (3, 3), id="one pixel"),
        pytest.param((1, 700), (8, 8), id="one pixel wide"),
        pytest.param((700, 1), (8, 3), id="one pixel high"),
        pytest.param((3000, 40), (5, 7), id="far smaller one way, in the other direction's shape"),
        pytest.param((2 * DECODE_FLOOR + 1, 2 * DECODE_FLOOR + 3), (32, 24), id="reduced first"),
    ],
)
def test_photos_are_scaled_to_the_same_bytes(
    run: Run, rule: str, name: str, size_wh: tuple[int, int], target_wh: tuple[int, int]
) -> None:
    image = noise(*size_wh)
    bitmap = {
        "width": image.width,
        "height": image.height,
        "rgba": base64.b64encode(image.convert("RGBA").tobytes()).decode(),
    }
    spec = InputSpec(target_wh, resize=rule, filter=name)
    (width, height), least = target_wh, least_side(spec)
    asked = {"width": width, "height": height, "resize": rule, "filter": name, "leastSide": least}
    (found,) = run([("pixels", "toPixels", [bitmap, asked])])
    reduced = image.reduce(2) if min(size_wh) >= 2 * DECODE_FLOOR else image
    expected = np.asarray(resize(reduced, spec))
    assert found["result"] == expected.ravel().tolist()
