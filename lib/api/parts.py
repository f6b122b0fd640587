"""The photos of a multipart body, one after another while it comes in: nothing of it touches the disk."""

import logging
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from lib.errors import AppError, UsageError
from lib.messages import N_
from lib.server import limits
from lib.server.bodies import Body
from lib.server.refusal import Refusal

logging.getLogger("python_multipart").setLevel(logging.ERROR)  # it warns of every body that is none

FIELD = "file"
KIND = "multipart/form-data"


@dataclass(slots=True)
class Part:
    """A photo.

    Attributes:
        name: As its sender calls it; untrusted text.
        data: The file; empty if it is larger than a photo may be.
        problem: Why it cannot be looked at, then.
    """

    name: str
    data: bytes = b""
    problem: Refusal | None = None


@dataclass(slots=True)
class _Coming:
    """A part of which not all has come."""

    headers: dict[bytes, bytes] = field(default_factory=dict)
    header: tuple[bytes, bytes] = (b"", b"")
    pieces: list[bytes] = field(default_factory=list)
    size: int = 0


class Parts:
    """The parts of a body.

    Args:
        body: The body, of which nothing was read.
        content_type: The header that names the boundary.

    Attributes:
        read_bytes: How much of the body has come.
        is_whole: Whether its last part has come.

    Raises:
        UsageError: There is no boundary.
    """

    def __init__(self, body: Body, content_type: str) -> None:
        self.read_bytes, self.is_whole = 0, False
        self._body = body
        self._count = 0
        self._coming = _Coming()
        self._come: deque[Part] = deque()
        try:
            boundary = parse_options_header(content_type)[1].get(b"boundary", b"")
            self._parser = MultipartParser(
                boundary,
                {
                    "on_part_begin": self._begin,
                    "on_header_field": lambda data, start, end: self._add_to_header(0, data[start:end]),
                    "on_header_value": lambda data, start, end: self._add_to_header(1, data[start:end]),
                    "on_header_end": self._end_header,
                    "on_headers_finished": self._check_field,
                    "on_part_data": lambda data, start, end: self._add(data[start:end]),
                    "on_part_end": self._end_part,
                    "on_end": self._end,
                },
            )
        except (FormParserError, UnicodeEncodeError):
            boundary = b""
        if not boundary:
            raise UsageError(N_("The header Content-Type names no boundary that separates the parts."))

    async def __aiter__(self) -> AsyncIterator[Part]:
        """Yield each photo when all of it has come, also if what follows it is at fault.

        Raises:
            UsageError: The body is not built as a multipart body is, or has a field of another name.
            Refusal: It is too large, holds too many photos, or stopped.
            ClientDisconnect: Its sender went away.
        """
        async for piece in self._body.pieces():
            self.read_bytes += len(piece)
            problem: AppError | None = None
            try:
                self._parser.write(piece)
            except FormParserError:
                problem = _malformed()
            except AppError as error:
                problem = error
            while self._come:
                yield self._come.popleft()
            if problem is not None:
                raise problem
        if not self.is_whole:
            raise _malformed()

    def _begin(self) -> None:
        self._coming = _Coming()
        self._count += 1
        if self._count > limits.MOST_OF_REQUEST:
            raise Refusal(
                413,
                N_("A request can hold at most {n} photos. Send the rest in another one."),
                n=limits.MOST_OF_REQUEST,
            )

    def _add_to_header(self, which: int, piece: bytes) -> None:
        name, value = self._coming.header
        self._coming.header = (name + piece, value) if which == 0 else (name, value + piece)

    def _end_header(self) -> None:
        name, value = self._coming.header
        self._coming.headers[name.strip().lower()] = value
        self._coming.header = b"", b""

    def _check_field(self) -> None:
        if (found := self._named(b"name")) != FIELD:
            sentence = N_(
                "The form has a field “{name}”. Photos are read from “{field}”; all else goes into the address."
            )
            raise UsageError(sentence, name=found, field=FIELD)

    def _named(self, key: bytes) -> str:
        told = self._coming.headers.get(b"content-disposition", b"").decode("latin-1")
        return parse_options_header(told)[1].get(key, b"").decode("utf-8", "replace")

    def _add(self, piece: bytes) -> None:
        self._coming.size += len(piece)
        if self._coming.size > limits.PHOTO_BYTES:
            self._coming.pieces.clear()
        else:
            self._coming.pieces.append(piece)

    def _end_part(self) -> None:
        part, coming = Part(self._named(b"filename") or "photo"), self._coming
        if coming.size > limits.PHOTO_BYTES:
            sentence = N_("{file} is larger than {limit} MB.")
            part.problem = Refusal(413, sentence, file=part.name, limit=limits.PHOTO_BYTES // 2**20)
        else:
            part.data = b"".join(coming.pieces)
        self._coming = _Coming()
        self._come.append(part)

    def _end(self) -> None:
        self.is_whole = True


def _malformed() -> UsageError:
    return UsageError(
        N_("The body is not what the header Content-Type says: its parts cannot be told apart, or it ends too early.")
    )
