"""A bench to try lessons at, with the models that come with the app."""

from dataclasses import dataclass, field

from lib.catalogue.store import Store
from lib.i18n import Translator
from lib.lessons.bench import Bench, Memo, Opened, Picture, open_model
from lib.lessons.pictures import drawn, samples

_ROOM = 2**26


@dataclass
class Benches:
    """What makes benches; models stay open, and what was worked out stays known."""

    store: Store
    memo: Memo = field(default_factory=lambda: Memo(_ROOM))
    models: dict[str, Opened] = field(default_factory=dict)

    def model(self, model_id: str) -> Opened:
        """Return a model with its English names."""
        if model_id not in self.models:
            folder = self.store.open_folder(model_id)
            self.models[model_id] = Opened(folder, open_model(folder), folder.read_labels())
        return self.models[model_id]

    def bench(self, chosen: str = "samples", language: str = "en", pictures: list[Picture] | None = None) -> Bench:
        """Return a bench with a set of pictures."""
        t = Translator(language)
        shown = pictures or (drawn(t) if chosen == "drawn" else samples(t))
        return Bench(t, shown, self.model, self.memo, self.memo, self.store.default_id(), chosen)
