"""Code that is no web page: Python scripts, and classes for Android and iOS."""

from lib.embed.options import Options


def files(options: Options) -> dict[str, str]:
    """Return the files of a target that is no web page."""
    raise NotImplementedError
