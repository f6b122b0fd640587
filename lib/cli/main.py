"""The command line: `python -m lib COMMAND`.

Results go to standard output, and with --json nothing but JSON; progress and complaints go to standard error.
Exit codes: 0 all well, 1 some input failed (the rest is done and reported), 2 wrong usage or unknown model,
130 interrupted, 141 the reader of standard output went away.
"""

import argparse
import io
import os
import sys
from collections.abc import Sequence

from lib.cli.benchmark import add_benchmark
from lib.cli.classify import add_classify
from lib.cli.embed import add_embed
from lib.cli.evaluate import add_evaluate
from lib.cli.export import add_export
from lib.cli.import_ import add_import
from lib.cli.models import add_fetch, add_models
from lib.cli.terminal import INTERRUPTED, READER_GONE, SOME_FAILED, WRONG_USAGE, complain, note
from lib.cli.train import add_train
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


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands; each sets `run`, a function of the arguments and the language."""
    parser = argparse.ArgumentParser("python -m lib", description="Image classification that says when it is not sure.")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for add in (
        add_classify, add_models, add_fetch, add_import, add_train, add_benchmark, add_export, add_evaluate, add_embed,
    ):  # fmt: skip
        add(commands)
    for command in commands.choices.values():
        command.add_argument(
            "--lang", choices=LANGUAGES, default=DEFAULT, help=f"language of the messages (default {DEFAULT})"
        )
    return parser


def _show_everything(stream: object) -> None:
    """Write characters that a terminal's encoding lacks as escapes instead of failing on them."""
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="backslashreplace")


def _forget_stdout() -> None:
    """Send what is still buffered nowhere, so that Python's own flush at exit does not fail again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
