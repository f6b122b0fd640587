"""A machine without internet: what a Python process is started with, and what it tried all the same."""

import os
from dataclasses import dataclass
from pathlib import Path

HOOK = Path(__file__).parent / "offline"


@dataclass(frozen=True)
class Cut:
    """A cut network.

    Attributes:
        log: Where attempts are written down.
    """

    log: Path

    @property
    def environment(self) -> dict[str, str]:
        """Return the variables that cut the network of a process."""
        path = os.pathsep.join(filter(None, (str(HOOK), os.environ.get("PYTHONPATH"))))
        return {"PYTHONPATH": path, "DISCERN_TEST_LOG": str(self.log)}

    @property
    def attempts(self) -> list[str]:
        """Return each "reach HOST", and each "import MODULE" of what a first answer does without."""
        return self.log.read_text(encoding="utf-8").splitlines() if self.log.exists() else []
