"""How the verdict is made, in the page: the rule, two examples judged by the rule itself, and what it cannot do."""

import numpy as np
import streamlit as st

from lib.charts.bars import bars, describe
from lib.i18n import Translator
from lib.results import Classification, VerdictKind
from lib.ui.style import SIGNS, ink
from lib.verdict import FLOOR_GROUPS, default_floor, explain, judge, percent, rank

_EXAMPLES = ((0.91, 0.07, 0.02), (0.35, 0.34, 0.31))


def draw(t: Translator, *, expanded: bool) -> None:
    """Draw the explanation; `expanded` while there is nothing else to look at."""
    with st.expander(t("How the verdict is made"), expanded=expanded, icon=":material/balance:"):
        for column, shares in zip(st.columns(2, gap="medium", wrap=True), _EXAMPLES, strict=True):
            with column:
                _example(t, shares)
        st.markdown(
            t(
                "Two questions are asked of the probabilities. **Is there a rival?** Yes, if the second class has at "
                "least half of the winner's share. **Is the winner too weak?** Yes, if it has less than {few} "
                "(models of up to 20 classes) or {many} (more classes).",
                few=percent(default_floor(20)),
                many=percent(default_floor(1000)),
            )
        )
        meanings = {
            VerdictKind.CLEAR: t("**Clear**: no rival, and the winner is strong enough."),
            VerdictKind.CLOSE: t("**Too close to call**: there is a rival."),
            VerdictKind.WEAK: t("**Not sure**: no rival, but the winner is too weak."),
            VerdictKind.NONE: t("**No class stands out**: a rival, and the winner is too weak."),
        }
        st.markdown("\n".join(f"- {SIGNS[kind]} {meaning}" for kind, meaning in meanings.items()))
        st.markdown(
            t(
                "Sometimes the kind is sure and only the breed is not. For models of ImageNet's 1000 classes, the "
                "shares of all breeds of dog also count together, and so do those of birds, cups or cars. Where no "
                "class stands out but such a group does (at least {floor}, and no rival), the group is the answer.",
                floor=percent(FLOOR_GROUPS),
            )
        )
        st.warning(
            t(
                "What it cannot do: a model must choose among the classes it knows, and it is often wrongly certain. "
                "A photo of something it has never seen can score 99%. A clear verdict means that one class stands "
                "out, not that it is right."
            ),
            icon=":material/warning:",
        )


def _example(t: Translator, shares: tuple[float, ...]) -> None:
    labels = (t("cat"), t("dog"), t("panda"))
    probabilities = np.array(shares)
    verdict = judge(probabilities, labels)
    example = Classification("", "", rank(probabilities, labels, top=3), verdict, (1, 1), 0.0)
    st.markdown(f"{SIGNS[verdict.kind]} **{t.message(explain(verdict))}**")
    st.vega_lite_chart(bars(example, ink=ink()), width="stretch", alt=describe(example.predictions, t))
