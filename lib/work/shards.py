"""A part of a run: which photos are this machine's, where several share the work and none asks another."""

import hashlib
import re
from dataclasses import dataclass

from lib.errors import UsageError
from lib.messages import N_


@dataclass(frozen=True, slots=True)
class Shard:
    """One of several parts, of about the same size, that have nothing in common and together are everything.

    Attributes:
        number: Which one, from 1.
        count: Of how many.
    """

    number: int = 1
    count: int = 1

    @staticmethod
    def parse(text: str) -> "Shard":
        """Return the shard that is written as "2/5".

        Raises:
            UsageError: It is written otherwise, or there is no such shard.
        """
        if not (found := re.fullmatch(r"([0-9]{1,9})/([1-9][0-9]{0,8})", text)):
            raise UsageError(N_("--shard is written as 2/5 for the second part of five, not as {value}."), value=text)
        number, count = map(int, found.groups())
        if not 1 <= number <= count:
            text = N_("There is no part {number} of {count}: the first is 1/{count}, the last {count}/{count}.")
            raise UsageError(text, number=number, count=count)
        return Shard(number, count)

    def takes(self, key: str) -> bool:
        """Whether what has this key is in this part: the same on every machine and in every run."""
        return number_of(key) % self.count == self.number - 1

    def __str__(self) -> str:
        """Return "2-of-5", numbers of the same width, for the name of a file; nothing for the only part."""
        return "" if self.count == 1 else f"{self.number:0{len(str(self.count))}}-of-{self.count}"


def number_of(key: str) -> int:
    """Return a number from 0 to 2**64 that depends on nothing but the key; equal ones are spread evenly."""
    # Names of files may hold what is no text.
    return int.from_bytes(hashlib.blake2b(key.encode("utf-8", "surrogateescape"), digest_size=8).digest())
