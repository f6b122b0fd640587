"""A pool of LiteRT interpreters of one file.

One single-threaded interpreter per core is faster for photos that come in numbers than one interpreter with several
threads, and `invoke()` releases the GIL; interpreters are not safe to share, so each call takes one from the pool.
"""

import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from lib.errors import ModelFileError
from lib.formats.unbelieved import DAMAGE, first_line
from lib.messages import N_
from lib.model.spec import InputSpec, ModelSpec
from lib.work.cores import usable_cores

_OPEN = -1


class Interpreters:
    """Interpreters that take one photo of the size that `model.toml` names, made as they are needed.

    Args:
        content: The file.
        spec: Its description.
        workers: Interpreters at most; None for one per core.
        threads: Threads inside each interpreter.

    Raises:
        ModelFileError: The file is damaged.
    """

    def __init__(self, content: bytes, spec: ModelSpec, *, workers: int | None = None, threads: int = 1) -> None:
        self.workers = workers or usable_cores()
        self._content, self._spec, self._threads = content, spec, threads
        self._idle: queue.LifoQueue[Any] = queue.LifoQueue()
        self._made = 1
        self._lock = threading.Lock()
        self._idle.put(self._make())

    @contextmanager
    def one(self) -> Iterator[Any]:
        """Yield an interpreter that is nobody else's meanwhile; wait for one where all are taken."""
        interpreter = self._take()
        try:
            yield interpreter
        finally:
            self._idle.put(interpreter)

    def _take(self) -> Any:
        try:
            return self._idle.get_nowait()
        except queue.Empty:
            return self._another() or self._idle.get()

    def _another(self) -> Any:
        """Return one more interpreter; None where there are enough, or this machine has no room for it."""
        with self._lock:
            if self._made >= self.workers:
                return None
            self._made += 1
        try:
            return self._make()
        except ModelFileError:  # the first one could be made: the others wait for it
            with self._lock:
                self._made -= 1
            return None

    def _make(self) -> Any:
        from ai_edge_litert.interpreter import Interpreter

        try:
            interpreter = Interpreter(model_content=self._content, num_threads=self._threads)
            _give_size(interpreter, self._spec.input)
            interpreter.allocate_tensors()
        except DAMAGE as error:
            raise ModelFileError(
                N_("{model} cannot be run: {file} is not a valid LiteRT model ({reason})."),
                model=self._spec.id,
                file=self._spec.weights,
                reason=first_line(error),
            ) from error
        return interpreter


def _give_size(interpreter: Any, spec: InputSpec) -> None:
    """Let a file that leaves dimensions of its input open take one photo of the size that `model.toml` names."""
    width, height = spec.size_wh
    wanted = (1, height, width, 3)
    for details in interpreter.get_input_details():
        signature = tuple(int(n) for n in details["shape_signature"])
        if _OPEN in signature and len(signature) == len(wanted):
            closed = [size if said == _OPEN else said for said, size in zip(signature, wanted, strict=True)]
            interpreter.resize_tensor_input(details["index"], closed)
