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

from lib.cli.classify import add_classify
from lib.cli.models import add_fetch, add_models
from lib.cli.terminal import INTERRUPTED, READER_GONE, SOME_FAILED, WRONG_USAGE, Commands, complain, printable
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
            print(printable(say(hint, **error.message.values)), file=sys.stderr)
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
    UnknownModelError: N_("`python -m lib models` lists those there are."),
    ModelNotReadyError: N_("`python -m lib fetch {model}` downloads it."),
}


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands; each sets `run`, a function of the arguments and the language."""
    parser = argparse.ArgumentParser("python -m lib", description="Image classification that says when it is not sure.")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for add in (
        add_classify, add_models, add_fetch, _add_train, _add_benchmark, _add_export, _add_evaluate, _add_embed,
    ):  # fmt: skip
        add(commands)
    for train in commands.choices.values():
        train.add_argument(
            "--lang", choices=LANGUAGES, default=DEFAULT, help=f"language of the messages (default {DEFAULT})"
        )
    return parser


def _add_train(commands: "Commands[argparse.ArgumentParser]") -> None:
    from lib.cli import train

    parser = commands.add_parser("train", help="train a model on a folder of photos", allow_abbrev=False)
    train.add_arguments(parser)
    parser.set_defaults(run=train.run)


def _add_benchmark(commands: "Commands[argparse.ArgumentParser]") -> None:
    from lib.cli import benchmark

    benchmark.add_benchmark(commands)


def _add_export(commands: "Commands[argparse.ArgumentParser]") -> None:
    from lib.cli.export import add_export

    add_export(commands)


def _add_evaluate(commands: "Commands[argparse.ArgumentParser]") -> None:
    from lib.cli import evaluate

    evaluate.add_evaluate(commands)


def _add_embed(commands: "Commands[argparse.ArgumentParser]") -> None:
    from lib.cli import embed

    embed.add_embed(commands)


def _show_everything(stream: object) -> None:
    """Write characters that a terminal's encoding lacks as escapes instead of failing on them."""
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="backslashreplace")


def _forget_stdout() -> None:
    """Send what is still buffered nowhere, so that Python's own flush at exit does not fail again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
