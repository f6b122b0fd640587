"""What is known of models → JSON objects, the same at every door."""

from lib.catalogue.store import Entry, State
from lib.model.spec import Published


def entry_object(entry: Entry) -> dict[str, object]:
    """Return a model of the store as `models --json` lists it."""
    spec = entry.spec
    return {
        "id": spec.id,
        "name": spec.name,
        "family": spec.family,
        # Other programs know two states; what has to be done for one that is not a download stands beside it.
        "state": (State.READY if entry.state is State.READY else State.DOWNLOADABLE).value,
        "needs": None if entry.problem is None else str(entry.problem),
        "bytes": entry.size_bytes,
        "classes": spec.output.classes,
        "licence": spec.licence,
        "published": published_object(spec.published),
    }


def published_object(published: Published | None) -> dict[str, object] | None:
    """Return published figures, shares in [0, 1], and where they were published."""
    if published is None:
        return None
    return {"top1": published.top1, "top5": published.top5, "source": published.source}
