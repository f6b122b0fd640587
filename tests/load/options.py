"""How large a load is."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Options:
    """How large a load is.

    Attributes:
        visitors: How many come at once.
        photos: How many each of them brings.
        model: That they ask.
        large: How many photos of 12 megapixels one visitor brings while another comes late.
        minutes: For how long visitors come and go.
        gradio: A Python that has Gradio, to be measured in the same run; "" for none.
    """

    visitors: int = 30
    photos: int = 20
    model: str = "starter"
    large: int = 500
    minutes: float = 20.0
    gradio: str = ""


DEFAULTS = Options()
