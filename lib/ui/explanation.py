"""How the verdict is made, in the page: the rule, two examples worked out by the rule itself, and what it cannot do."""

import numpy as np
import streamlit as st

from lib.i18n import Translator
from lib.results import VerdictKind
from lib.ui.results import SIGNS
from lib.verdict import default_floor, explain, judge, percent

_EXAMPLES = (
    (0.91, 0.07, 0.02),
    (0.35, 0.34, 0.31),
)


def draw(t: Translator) -> None:
    """Draw the explanation, folded."""
    with st.expander(t("How the verdict is made"), icon=":material/balance:"):
        st.markdown(
            t(
                "Two questions are asked of the probabilities. **Is there a rival?** Yes, if the second class has at "
                "least half of the winner's share. **Is the winner too weak?** Yes, if it has less than {few} "
                "(models of up to 20 classes) or {many} (more classes).",
                few=percent(default_floor(20)),
                many=percent(default_floor(1000)),
            )
        )
        st.markdown(
            "\n".join(
                (
                    f"- {SIGNS[VerdictKind.CLEAR]} " + t("**Clear**: no rival, and the winner is strong enough."),
                    f"- {SIGNS[VerdictKind.CLOSE]} " + t("**Too close to call**: there is a rival."),
                    f"- {SIGNS[VerdictKind.WEAK]} " + t("**Not sure**: no rival, but the winner is too weak."),
                    f"- {SIGNS[VerdictKind.NONE]} "
                    + t("**No class stands out**: a rival, and the winner is too weak."),
                )
            )
        )
        names = (t("cat"), t("dog"), t("panda"))
        rows = [f"| {' | '.join(names)} | {t('Verdict')} |", "|---|---|---|---|"]
        for shares in _EXAMPLES:
            verdict = judge(np.array(shares), names)
            cells = " | ".join(percent(share) for share in shares)
            rows.append(f"| {cells} | {SIGNS[verdict.kind]} {t.message(explain(verdict))} |")
        st.markdown("\n".join(rows))
        st.warning(
            t(
                "What it cannot do: a model must choose among the classes it knows, and it is often wrongly certain. "
                "A photo of something it has never seen can score 99 %. A clear verdict means that one class stands "
                "out, not that it is right."
            ),
            icon=":material/warning:",
        )
