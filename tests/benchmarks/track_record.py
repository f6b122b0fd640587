"""How often answers of each kind are right: the `[track_record]` of models, to be put into their `model.toml`.

`python -m tests.benchmarks.track_record FOLDER --measured "everyday-20/val" [--unseen] MODEL …` lets models that are
here look at labelled photos and prints the tables.
"""

import argparse
from pathlib import Path

from lib.catalogue.store import Store
from lib.classify.opening import open_classifier
from lib.datasets.matching import match
from lib.datasets.reading import read_labelled
from lib.evaluation.evaluate import Entrant, evaluate
from lib.model.writing import record_table, to_toml


def main() -> None:
    """Count."""
    parser = argparse.ArgumentParser("python -m tests.benchmarks.track_record")
    parser.add_argument("folder", type=Path, help="labelled photos")
    parser.add_argument("models", nargs="+", metavar="MODEL", help="ids")
    parser.add_argument("--measured", required=True, help="what the photos are, in a few words")
    parser.add_argument("--unseen", action="store_true", help="the models did not learn from them")
    arguments = parser.parse_args()
    photos = read_labelled(arguments.folder)
    for model in arguments.models:
        classifier = open_classifier(Store().open_folder(model))
        labels = classifier.labels
        found = evaluate(photos, [Entrant(classifier, labels, match(photos.classes, labels))])
        assert found is not None
        record = found.models[0].by_itself.record(arguments.measured, is_unseen=arguments.unseen)
        print(f"# {model}\n{to_toml({'track_record': record_table(record)})}")


if __name__ == "__main__":
    main()
