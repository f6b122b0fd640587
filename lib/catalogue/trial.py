"""The trial of a model's file: whatever this program does with one, a limited child process does first.

A malformed file can crash, stall or swell the process that loads it (LiteRT calls models programs, and vouches for
none), so no file from outside is opened in the web process or on the command line before a child has read, loaded and
run these very bytes. What came of it is kept in the data folder: each content is tried once, and is known again by its
file's stamp, without reading it. `ModelFolder.read_weights` sees to it that what is read is what was tried.
"""

import hashlib
import json
import math
import re
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from lib.errors import DownloadError, ModelFileError, ModelOutputError, WorkerError
from lib.formats.first_look import check_size, damaged, in_child
from lib.messages import N_
from lib.model import spec, writing
from lib.model.spec import ModelFolder
from lib.work import process
from lib.work.files import Stamp, sha256_of, stamp, write_whole
from lib.work.locks import locked

# Of addresses: Python, NumPy and LiteRT take 0.13 GB, the largest model of 114 MB tried another 0.3.
MEMORY_BYTES = 2**29
MEMORY_BYTES_PER_BYTE = 4  # the file, a packed copy of its weights, and its tensors
CPU_SECONDS = 6  # two photos through the slowest model of the catalogue take 3 …
CPU_BYTES_PER_SECOND = 20e6  # … and large files take longer to load
WALL_SECONDS = 30.0  # a workshop's machine is busy
RECORDS = "trials.json"
# A trial counts for the runtime it was made with, and for what was asked of it.
_VERSION = "2"
Record = dict[str, Any]


class Trials:
    """What is known of the files of one data folder. Safe to share between threads and processes.

    Args:
        data: The data folder.
        attempt: Tries one folder, or raises; replaced in tests.
    """

    def __init__(self, data: Path, attempt: Callable[[ModelFolder], Record] | None = None) -> None:
        self._data, self._attempt = data, attempt or _attempt
        self._lock = threading.Lock()
        self._digests: dict[str, tuple[Stamp, str]] = {}  # path -> its stamp, its SHA-256
        self._trials: dict[str, Record] = {}
        self._read()

    def admit(self, folder: ModelFolder, *, vouched: str | None = None) -> ModelFolder:
        """Return a folder whose weights were tried, now or before.

        Args:
            folder: The model.
            vouched: Digest of weights that need no trial: the program knows them.

        Raises:
            ModelFileError: They cannot be read, were changed since they were fetched, or failed the trial.
        """
        with self._lock:
            digest = self._digest(folder)
            expected = folder.spec.source.get("weights_sha256")
            if isinstance(expected, str) and expected != digest:
                raise folder.changed()
            record = self._record(replace(folder, sha256=digest)) if digest != vouched else {}
        if "error" in record:
            raise process.revive(record["error"])
        return replace(folder, sha256=digest)

    def vouch(self, folder: ModelFolder) -> None:
        """Take a model as tried that this program has just made of a tried one, and run.

        Raises:
            ModelFileError: Its weights cannot be read.
        """
        with self._lock:
            self._trials[_key(replace(folder, sha256=self._digest(folder)))] = {}
            self._keep()

    def _digest(self, folder: ModelFolder) -> str:
        path, state = folder.weights_path, stamp(folder.weights_path)
        known = self._digests.get(str(path))
        if known is None or known[0] != state:
            with spec.reading(folder.spec.weights):
                check_size(path, _name(folder))
                known = self._digests[str(path)] = (state, sha256_of(path))
            self._keep()
        return known[1]

    def _record(self, folder: ModelFolder) -> Record:
        key = _key(folder)
        if key not in self._trials:
            try:
                self._trials[key] = self._attempt(folder)
            except ModelFileError as error:
                self._trials[key] = {"error": process.pack(error)}
            self._keep()
        return self._trials[key]

    def _read(self) -> None:
        """Take over what other processes have found out, now or in former times."""
        try:
            kept = json.loads((self._data / RECORDS).read_text(encoding="utf-8"))
            digests = {str(path): (Stamp(*state), str(digest)) for path, (state, digest) in kept["digests"].items()}
            trials = {str(key): dict(record) for key, record in kept["trials"].items()}
        except (OSError, ValueError, TypeError, LookupError, AttributeError, RecursionError):
            return  # none yet, or damaged: everything is tried again
        self._digests, self._trials = {**digests, **self._digests}, {**trials, **self._trials}

    def _keep(self) -> None:
        """Write everything down; where that cannot be, this process remembers it and the next one tries again."""
        with suppress(OSError, DownloadError), locked(self._data / "locks" / "trials.lock"):
            self._read()
            self._digests = {path: known for path, known in self._digests.items() if Path(path).exists()}
            records = {"digests": self._digests, "trials": self._trials}
            write_whole(self._data / RECORDS, json.dumps(records).encode())


@lru_cache(maxsize=64)
def trials_of(data: Path) -> Trials:
    """Return what is known of a data folder's files; all who ask in this process get the same."""
    return Trials(data)


def _name(folder: ModelFolder) -> str:
    return f"{folder.spec.id}/{folder.spec.weights}"


def _key(folder: ModelFolder) -> str:
    """Return what a trial's outcome depends on: the weights, what the description says of them, and the runtime."""
    table = writing.to_table(folder.spec)
    asked = [folder.sha256, table["input"], table["output"], _VERSION, _runtime_version()]
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()


@lru_cache(maxsize=1)
def _runtime_version() -> str:
    import ai_edge_litert  # `importlib.metadata` says the same, and takes 20 ms to import

    return str(ai_edge_litert.__version__)


def _attempt(folder: ModelFolder) -> Record:
    """Try a model in a child process and return what it took.

    Raises:
        ModelFileError: It is damaged, contradicts its description, or took the child down.
    """
    size = folder.weights_path.stat().st_size
    table = writing.to_table(replace(folder.spec, source={}))
    return in_child(
        "lib.catalogue.trial:try_in_worker",
        {"spec": table, "path": str(folder.path), "sha256": folder.sha256},
        _name(folder),
        memory_bytes=MEMORY_BYTES + MEMORY_BYTES_PER_BYTE * size,
        cpu_seconds=math.ceil(CPU_SECONDS + size / CPU_BYTES_PER_SECOND),
        wall_seconds=WALL_SECONDS,
    )


def try_in_worker(payload: dict[str, Any], emit: process.Emit) -> Record:
    """Do with a model all that this program does with one; return the seconds and the memory it took.

    Raises:
        ModelFileError: It cannot be done.
    """
    from lib.formats.unbelieved import DAMAGE

    folder = ModelFolder(spec.parse(payload["spec"], spec.CARD), Path(payload["path"]), payload["sha256"])
    start, before = time.process_time(), _peak_bytes()
    try:
        _read_and_run(folder)
    except MemoryError:
        raise WorkerError(N_("The task needed more memory than allowed.")) from None
    except DAMAGE as error:
        raise damaged(_name(folder), error) from error
    after = _peak_bytes()
    grown = None if before is None or after is None else after - before
    return {"seconds": round(time.process_time() - start, 3), "memory_bytes": grown}


def _read_and_run(folder: ModelFolder) -> None:
    """Load the file, let it see two photos, read its tables, and unload it."""
    import numpy as np
    from PIL import Image

    from lib.classify.litert import LiteRTClassifier
    from lib.formats.edit import for_browsers
    from lib.formats.tables import read_ends, read_format

    classifier = LiteRTClassifier(folder, workers=1)
    width, height = folder.spec.input.size_wh
    noise = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
    for pixels in (np.zeros_like(noise), noise):
        with suppress(ModelOutputError):  # of one photo: another one may have an answer
            classifier.run(classifier.prepare(Image.fromarray(pixels)))
    read_format(folder), read_ends(folder)
    for_browsers(folder.read_weights(), folder.spec.input.size_wh, folder.spec.weights)


def _peak_bytes() -> int | None:
    """Return the most memory this process had so far; None where the system does not tell."""
    try:
        status = Path("/proc/self/status").read_text(encoding="utf-8")
    except OSError:
        return None
    found = re.search(r"^VmHWM:\s*(\d+) kB", status, re.MULTILINE)
    return int(found[1]) * 1024 if found else None
