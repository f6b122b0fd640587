"""What a map of where a model looked says, in words: the same for whoever does not see it."""

from lib.classify.explain import Explanation
from lib.messages import N_, Message

# In which of nine parts of what the model saw, by row and column.
_PLACES = (
    (N_("mostly top left"), N_("mostly at the top"), N_("mostly top right")),
    (N_("mostly on the left"), N_("mostly in the middle"), N_("mostly on the right")),
    (N_("mostly bottom left"), N_("mostly at the bottom"), N_("mostly bottom right")),
)
WHERE_NOT_WHY = N_("A map shows where the model looked, not why.")


def described(found: Explanation, label: str, other: str | None = None) -> tuple[Message, ...]:
    """Return what a map says, a sentence each: where, what it adds up to, and what it does not show.

    Args:
        found: The map.
        label: Name of the class.
        other: Name of the class that it is set against; None for none.
    """
    place = N_("all over the photo") if found.place is None else _PLACES[found.place[0]][found.place[1]]
    where = Message(place)
    if other is None:
        told = Message(N_("For {label} it looked {where}."), {"label": label, "where": where})
    else:
        told = Message(
            N_("For {label} and not {other} it looked {where}."), {"label": label, "other": other, "where": where}
        )
    return (told, *_sum(found, label, other), Message(WHERE_NOT_WHY))


def scale_words(found: Explanation, end: float) -> tuple[Message, Message]:
    """Return what stands at the two ends of the scale: "−30 against", "+30 for".

    Args:
        found: The map.
        end: The vote, or the change of probability, at the end of the scale.
    """
    number = f"{100 * end:g}%" if found.method == "rise" else f"{end:g}"
    return Message(N_("−{number}: against"), {"number": number}), Message(N_("+{number}: for"), {"number": number})


def _sum(found: Explanation, label: str, other: str | None) -> tuple[Message, ...]:
    if found.method == "rise":
        text = N_(
            "Found by covering parts of the photo: the colour says how much likelier {label} is with this part in "
            "sight."
        )
        return (Message(text, {"label": label}),)
    numbers = {"mean": _number(found.cells.mean()), "bias": _number(found.bias), "total": _number(found.total)}
    if other is None:
        text = N_(
            "It adds up: the mean of the squares {mean} and the head start {bias} make the vote {total} for {label}."
        )
    else:
        text = N_(
            "It adds up: the mean of the squares {mean} and the head start {bias} make {label}'s lead of {total} votes."
        )
    told = [Message(text, {**numbers, "label": label})]
    if found.is_rounded and found.vote is not None:
        rounded = N_("This model calculates in 8 bits, which makes it {vote}.")
        told.append(Message(rounded, {"vote": _number(found.vote)}))
    return tuple(told)


def _number(value: float) -> str:
    return f"{value:z.2f}"
