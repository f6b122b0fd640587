"""`models` and `fetch`: what there is, and how it gets here."""

import argparse
import json

from lib.catalogue.store import Entry, State, Store
from lib.cli.terminal import ALL_WELL, SOME_FAILED, complain, download_progress, note, put, put_table
from lib.errors import AppError, UnknownModelError
from lib.i18n import Translator
from lib.messages import N_
from lib.reports.models import entry_object
from lib.work.files import size_words


def add_models_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `models` to `parser`, and `run`."""
    parser.add_argument("--json", action="store_true", help="a list of objects")
    parser.set_defaults(run=_models)


def _models(arguments: argparse.Namespace, say: Translator) -> int:
    store = Store()
    entries = store.entries()
    if arguments.json:
        print(json.dumps([entry_object(entry) for entry in entries]))
    else:
        states = {
            State.READY: say(N_("ready")),
            State.DOWNLOADABLE: say(N_("downloadable")),
            State.INSTALLABLE: say(N_("installable")),
        }
        put_table([_entry_row(entry, states[entry.state]) for entry in entries])
        for entry in entries:
            if entry.problem is not None:
                note(say.message(entry.problem.message))
    for problem in store.problems():
        complain(problem, say)
    return ALL_WELL


def _entry_row(entry: Entry, state: str) -> tuple[str, ...]:
    published = entry.spec.published
    shares = [share for share in (published.top1, published.top5) if share is not None] if published else []
    size = "" if entry.size_bytes is None else size_words(entry.size_bytes)
    figures = " / ".join(f"{share * 100:.1f}%" for share in shares)
    return (entry.spec.id, entry.spec.family, state, size, figures, entry.spec.name)


def add_fetch_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `fetch` to `parser`, and `run`."""
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("ids", nargs="*", default=[], metavar="ID", help="a model of the list that `models` prints")
    what.add_argument("--all", action="store_true", help="every model that is not here yet")
    parser.set_defaults(run=_fetch)


def _fetch(arguments: argparse.Namespace, say: Translator) -> int:
    store = Store()
    wanted = [entry.spec.id for entry in store.entries() if entry.state is State.DOWNLOADABLE]
    if not arguments.all:
        wanted = [store.find(model).spec.id for model in dict.fromkeys(arguments.ids)]
    failed = False
    for model in wanted:
        try:
            with download_progress(model, say) as on_progress:
                report = store.fetch(model, on_progress=on_progress)
            put(say.message(report.message))
        except UnknownModelError:
            raise
        except AppError as error:
            complain(error, say)
            failed = True
    return SOME_FAILED if failed else ALL_WELL
