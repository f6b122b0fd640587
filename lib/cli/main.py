"""The command line: `python -m lib COMMAND`.

Results go to standard output, and with --json nothing but JSON; progress and complaints go to standard error.
Exit codes: 0 all well, 1 some input failed (the rest is done and reported), 2 wrong usage or unknown model,
74 the disk of --out was full or gone in the midst of a run (EX_IOERR of sysexits.h; known before the first photo: 2),
130 interrupted, 141 the reader of standard output went away, 143 ended by SIGTERM, which `classify` takes as Ctrl-C.
"""

import argparse
import io
import os
import sys
from collections.abc import Callable, Sequence

from lib.cli.terminal import (
    INTERRUPTED,
    READER_GONE,
    SOME_FAILED,
    TERMINATED,
    WRONG_USAGE,
    Terminated,
    complain,
    note,
)
from lib.errors import AppError, ModelNotReadyError, UnknownModelError, UsageError
from lib.i18n import DEFAULT, LANGUAGES, Translator
from lib.messages import N_


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code.

    Args:
        argv: The arguments after the program's name; None takes the process's own.

    Raises:
        SystemExit: From argparse, after --help (0) or a malformed command line (2).
    """
    _show_everything(sys.stdout)
    arguments = build_parser().parse_args(argv)
    say = Translator(arguments.lang)
    try:
        code: int = arguments.run(arguments, say)
        sys.stdout.flush()
    except (UsageError, UnknownModelError, ModelNotReadyError) as error:
        complain(error, say)
        if (hint := _HINTS.get(type(error))) is not None:
            note(say(hint, **error.message.values))
        return WRONG_USAGE
    except AppError as error:
        complain(error, say)
        return SOME_FAILED
    except Terminated:
        return TERMINATED
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        _forget_stdout()
        return READER_GONE
    return code


_HINTS: dict[type[AppError], str] = {
    UnknownModelError: N_("`python -m lib models` lists all models."),
    ModelNotReadyError: N_("`python -m lib fetch {model}` downloads it."),
}


# What each command is for.
_COMMANDS = {
    "classify": "say what photos show",
    "explain": "show where a model looked",
    "models": "list the models there are",
    "fetch": "download models",
    "import": "add a model: .tflite, .keras, .h5, a SavedModel zip, or what Teachable Machine gives, zipped or "
    "unpacked",
    "train": "train a model on a folder of photos",
    "benchmark": "measure speed, memory and size of models here",
    "export": "write a model's file in the format you need",
    "evaluate": "measure models on photos whose class is known",
    "embed": "write code that runs a model elsewhere",
    "serve": "answer programs over HTTP, without the pages",
    "class": "start the app for a room full of phones",
    "class-check": "try all that a class needs, the evening before",
}


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands; the one asked for sets `run`, a function of the arguments and the language."""
    parser = argparse.ArgumentParser("python -m lib", description="Image classification that says when it is not sure.")
    commands = parser.add_subparsers(metavar="COMMAND", required=True, parser_class=_Command)
    for name, purpose in _COMMANDS.items():
        commands.add_parser(name, help=purpose, allow_abbrev=False).command = name
    return parser


class _Command(argparse.ArgumentParser):
    """The parser of a command, whose module is imported when it is asked for: all of them take a third of a second."""

    command = ""

    def parse_known_args(self, args=None, namespace=None):  # type: ignore[no-untyped-def]  # overloaded by argparse
        """Parse what follows the command's name."""
        if self.command:
            _adding(self.command)(self)
            self.add_argument(
                "--lang", choices=LANGUAGES, default=DEFAULT, help=f"language of the messages (default {DEFAULT})"
            )
            self.command = ""
        return super().parse_known_args(args, namespace)


def _adding(command: str) -> Callable[[argparse.ArgumentParser], None]:
    """Return what adds a command's arguments to its parser."""
    match command:
        case "classify":
            from lib.cli.classify import add_arguments as add
        case "explain":
            from lib.cli.explain import add_arguments as add
        case "models":
            from lib.cli.models import add_models_arguments as add
        case "fetch":
            from lib.cli.models import add_fetch_arguments as add
        case "import":
            from lib.cli.import_ import add_arguments as add
        case "train":
            from lib.cli.train import add_arguments as add
        case "benchmark":
            from lib.cli.benchmark import add_arguments as add
        case "export":
            from lib.cli.export import add_arguments as add
        case "evaluate":
            from lib.cli.evaluate import add_arguments as add
        case "serve":
            from lib.cli.serve import add_arguments as add
        case "class":
            from lib.cli.class_ import add_arguments as add
        case "class-check":
            from lib.cli.class_check import add_arguments as add
        case _:
            from lib.cli.embed import add_arguments as add
    return add


def _show_everything(stream: object) -> None:
    """Write characters that a terminal's encoding lacks as escapes instead of failing on them."""
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="backslashreplace")


def _forget_stdout() -> None:
    """Send what is still buffered nowhere, so that Python's own flush at exit does not fail again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
