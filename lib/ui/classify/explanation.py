"""How the verdict is made, in the page: the rule, two examples judged by the rule itself, and what it cannot do."""

from html import escape

import numpy as np
import streamlit as st

from lib.face.answer import bars, verdict_box
from lib.i18n import Translator
from lib.results import Classification, VerdictKind
from lib.verdict import FLOOR_GROUPS, default_floor, judge, percent, rank

_EXAMPLES = ((0.91, 0.07, 0.02), (0.35, 0.34, 0.31))


def draw(t: Translator) -> None:
    """Draw the explanation, folded."""
    with st.expander(t("How the verdict is made"), key="rule", icon=":material/balance:"):
        examples = "".join(f'<div class="compact">{_example(t, shares)}</div>' for shares in _EXAMPLES)
        st.html(f'<div class="examples">{examples}</div>')
        st.markdown(
            t(
                "The app asks two questions about the probabilities. **Is there a rival?** Yes, if the "
                "second class has at least half the probability of the first. **Is the winner too weak?** "
                "Yes, if it has less than {few} (in models with up to 20 classes) or less than {many} (in "
                "larger models).",
                few=percent(default_floor(20)),
                many=percent(default_floor(1000)),
            )
        )
        meanings = {
            VerdictKind.CLEAR: t("Clear: no rival, and the winner is strong enough."),
            VerdictKind.CLOSE: t("Too close to call: there is a rival."),
            VerdictKind.WEAK: t("Not sure: no rival, but the winner is too weak."),
            VerdictKind.NONE: t("No class stands out: a rival, and the winner is too weak."),
        }
        rows = [f'<li class="{kind}"><span class="sign"></span> {escape(text)}</li>' for kind, text in meanings.items()]
        strange = escape(
            t("Unfamiliar: unlike what the model learned from. It goes before the others; some models can tell.")
        )
        rows.append(f'<li class="strange"><span class="sign"></span> {strange}</li>')
        st.html(f'<ul class="meanings">{"".join(rows)}</ul>')
        st.markdown(
            t(
                "Sometimes it is certainly a dog, but not certain which breed. In models with ImageNet's "
                "1000 classes, the probabilities of all dog breeds are also added up, and so are those of "
                "birds, cups or cars. If no class stands out but such a group does (at least {floor} and no "
                "rival), the group is the answer.",
                floor=percent(FLOOR_GROUPS),
            )
        )
        st.markdown(
            t(
                "Percentages always add up to 100%, even for a photo of something that the model never saw. Before "
                "them, a model gives each class a vote, a number of any size. **If even the strongest vote is weak, "
                "the photo is unfamiliar.** Models trained here ask instead how like the photos of a class it is. "
                "Photos taken elsewhere, by another camera or in other light, are called unfamiliar more often."
            )
        )
        st.warning(
            t(
                "What a verdict cannot tell: a model can only choose among the classes it knows, and it is "
                "often confident but wrong. A photo of something it has never seen can score 99%. A clear "
                "verdict means that one class stands out, not that it is right."
            ),
            icon=":material/warning:",
        )


def _example(t: Translator, shares: tuple[float, ...]) -> str:
    labels = (t("cat"), t("dog"), t("panda"))
    probabilities = np.array(shares)
    verdict = judge(probabilities, labels)
    example = Classification("", "", rank(probabilities, labels, top=3), verdict, (1, 1), 0.0)
    return verdict_box(t, example, heading=3, is_marked=False) + bars(t, example, rows=3, is_marked=False)
