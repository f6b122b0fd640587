"""Very many photos on many cores or machines: Ray Data, with one actor a core and in it the same classifier as here.

What travels are the paths of photos, never photos: an actor reads what it classifies, from a folder or store that all
machines reach.
"""

import itertools
import logging
import os
import pickle
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from lib.classify.classifier import Classifier
from lib.classify.infer import Settings, conclude, infer_with_each
from lib.classify.opening import open_classifier
from lib.errors import UsageError, WorkerError
from lib.i18n import Translator
from lib.messages import N_
from lib.model.spec import ModelFolder
from lib.photos.ahead import read_ahead
from lib.photos.source import Source
from lib.reports.classifications import to_object
from lib.reports.columns import to_table
from lib.results import Answer
from lib.scale.cluster import ADDRESS_VARIABLE, CORES_A_WORKER, ray_started
from lib.scale.models import Shipped
from lib.work.cores import usable_cores

if TYPE_CHECKING:
    import pyarrow as pa

# Photos that an actor gets at once, of which it gives the answers together.
BLOCK_PHOTOS = 128
# How often a block is tried again whose actor ended, for want of memory or with its machine; Ray would do it for ever.
RETRIES = 3


def classify(
    photos: Iterable[Source],
    folders: Sequence[ModelFolder],
    settings: Settings,
    language: str,
    *,
    are_far: bool = False,
    actors: int | None = None,
) -> Iterator["pa.Table"]:
    """Yield the answers of models about photos, rows of `lib.reports.columns`, in the order of the photos.

    A photo that fails is a row with its error. Only the paths are held, and the answers that are not taken yet.

    Args:
        photos: Can be sent to other processes, as `lib.photos.finding` finds them.
        folders: The models.
        settings: As for the answers of one machine.
        language: Of labels and sentences.
        are_far: Whether photos are in a store, where one waits for each: then several are read at once.
        actors: How many classify at once; None for one on every core.

    Raises:
        UsageError: Ray is not installed, or there are too many actors for its cores.
        WorkerError: Ray does not start, or its workers end again and again.
    """
    blocks = list(blocks_of(photos))
    if not blocks:
        return
    with ray_started() as cores:
        actors = cores if actors is None else actors
        check_plan(actors, cores)
        import ray.data

        logging.getLogger("ray.data").setLevel(logging.ERROR)  # it tells of every step
        context = ray.data.DataContext.get_current()
        context.enable_progress_bars = False
        context.execution_options.preserve_order = True
        answers = ray.data.from_blocks(blocks).map_batches(
            Actor,
            fn_constructor_args=(ray.put([Shipped.of(folder) for folder in folders]), settings, language, are_far),
            batch_size=None,
            batch_format="pyarrow",
            compute=ray.data.ActorPoolStrategy(size=min(actors, len(blocks))),
            num_cpus=CORES_A_WORKER,
            max_restarts=RETRIES,
            max_task_retries=RETRIES,
        )
        try:
            yield from answers.iter_batches(batch_size=None, batch_format="pyarrow")
        except ray.exceptions.RayError as error:
            reason = str(error).strip().rpartition("\n")[2].partition(". ")[0].rstrip(".")
            raise WorkerError(N_("Ray ended before all photos were classified: {reason}."), reason=reason) from error


def check_before(actors: int) -> None:
    """Raise a UsageError before Ray is started for as many actors as cannot be; of a cluster, cores are known later."""
    if actors < 1:
        raise UsageError(N_("--workers is a number from 1 on, not {value}."), value=actors)
    if not os.environ.get(ADDRESS_VARIABLE):
        check_plan(actors, usable_cores())


def check_plan(actors: int, cores: int) -> None:
    """Raise a UsageError for a plan whose actors leave no core: it would wait for ever and say nothing."""
    most = max(0, round(cores / CORES_A_WORKER) - 1)
    if not 1 <= actors <= most:
        text = N_("{actors} workers are too many or too few for the {cores} cores that Ray has: 1 to {most} can work.")
        raise UsageError(text, actors=actors, cores=cores, most=most)


def blocks_of(photos: Iterable[Source]) -> Iterator["pa.Table"]:
    """Yield the photos, some at a time: a table of one row, in which they are as bytes that hold their paths."""
    import pyarrow as pa

    waiting = iter(photos)
    while block := list(itertools.islice(waiting, BLOCK_PHOTOS)):
        yield pa.table({"photos": [pickle.dumps(block)]})


class Asker:
    """One core's classifiers, of which each has one LiteRT interpreter.

    Args:
        models: What is asked.
        settings: As for the answers of one machine.
        language: Of labels and sentences.
        are_far: Whether photos are in a store.
    """

    def __init__(self, models: Iterable[Shipped], settings: Settings, language: str, *, are_far: bool = False) -> None:
        self._settings, self._say, self._are_far = settings, Translator(language), are_far
        self._classifiers: list[Classifier] = []
        self._labels: list[tuple[str, ...]] = []
        for model in models:
            with model.laid_out() as folder:
                self._classifiers.append(open_classifier(folder, workers=1))
                self._labels.append(folder.read_labels(language))

    def __call__(self, block: "pa.Table") -> "pa.Table":
        """Return the answers about a block of photos."""
        photos = itertools.chain.from_iterable(pickle.loads(some.as_py()) for some in block.column("photos"))
        return to_table(
            [
                to_object(conclude(answer, names, self._settings) if isinstance(answer, Answer) else answer, self._say)
                for answers in infer_with_each(read_ahead(photos) if self._are_far else photos, self._classifiers)
                for answer, names in zip(answers, self._labels, strict=True)
            ]
        )


class Actor(Asker):
    """The same in a process of Ray's, which keeps it from block to block.

    Args:
        shipped: Where Ray has the models.
        settings: See above.
        language: See above.
        are_far: See above.
    """

    def __init__(self, shipped: Any, settings: Settings, language: str, are_far: bool) -> None:
        import ray

        super().__init__(ray.get(shipped), settings, language, are_far=are_far)
