"""What a visitor has done in the lessons so far; kept with the visit, and nowhere else."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Marked:
    """An answer to a question.

    Attributes:
        choice: The text that was chosen, or the address of its picture: places change with the pictures.
        is_right: Whether it was right, or one before it.
        tries: How many times the question was answered.
    """

    choice: str
    is_right: bool
    tries: int = 1


@dataclass(slots=True)
class Progress:
    """What was done, by lesson and number of the step.

    Attributes:
        seen: The steps that were opened.
        marked: The answers that were given last.
        pictures: Which set of pictures was chosen last, by its name in addresses; "" for the first.
    """

    seen: set[tuple[str, int]] = field(default_factory=set)
    marked: dict[tuple[str, int], Marked] = field(default_factory=dict)
    pictures: str = ""

    def answer(self, lesson: str, step: int, choice: str, *, is_right: bool) -> Marked:
        """Keep an answer."""
        before = self.marked.get((lesson, step), Marked("", is_right=False, tries=0))
        marked = Marked(choice, is_right or before.is_right, before.tries + 1)
        self.marked[lesson, step] = marked
        return marked

    def clear(self) -> None:
        """Begin again."""
        self.seen.clear()
        self.marked.clear()
