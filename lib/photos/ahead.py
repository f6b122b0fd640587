"""Photos of a store that answers late, several read at once, so that no core waits for one of them."""

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial

from lib.errors import PhotoError
from lib.photos.source import Source
from lib.photos.tarred import refuse

# A store answers after some 30 ms, a core classifies a photo in 5. All of them may be in memory.
READERS = 16


def read_ahead(sources: Iterable[Source], readers: int = READERS) -> Iterator[Source]:
    """Yield photos that are read already, in their order; a few further ones are being read meanwhile.

    Args:
        sources: The photos; may be endless, is read as needed.
        readers: How many are read at once, and how many are ahead at most.
    """
    waiting: deque[Future[Source]] = deque()
    pool = ThreadPoolExecutor(readers, thread_name_prefix="reader")
    try:
        for source in sources:
            waiting.append(pool.submit(_read, source))
            if len(waiting) >= readers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def _read(source: Source) -> Source:
    try:
        return Source.of_bytes(source.read(), source.name)
    except PhotoError as error:
        return Source(source.name, partial(refuse, error))
