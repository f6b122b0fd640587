"""What a visitor has done in the lessons so far; kept with the visit, and nowhere else."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Marked:
    """An answer to a question.

    Attributes:
        question: Fingerprint of the question, which is another one with other pictures.
        choice: Number of the answer that was chosen.
        is_right: Whether it was right, or one before it.
        tries: How many times this step was answered.
        tries_here: How many times of these with this very question.
    """

    question: str
    choice: int
    is_right: bool
    tries: int = 1
    tries_here: int = 1


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

    def answer(self, lesson: str, step: int, question: str, choice: int, *, is_right: bool) -> Marked:
        """Keep an answer."""
        before = self.marked.get((lesson, step), Marked("", 0, is_right=False, tries=0))
        here = before.tries_here if before.question == question else 0
        marked = Marked(question, choice, is_right or before.is_right, before.tries + 1, here + 1)
        self.marked[lesson, step] = marked
        return marked

    def clear(self) -> None:
        """Begin again."""
        self.seen.clear()
        self.marked.clear()
