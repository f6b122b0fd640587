"""Whether this page's visitor is the host, and what is drawn for one who is not.

A button that is not drawn cannot be pressed, but what a component of ours says can be made up: so what only the host
may do begins with `require`, too.
"""

import streamlit as st

from lib.server.host import HOST, NotHostError
from lib.ui.style import plain


def is_host() -> bool:
    """Whether this page's visitor may change what everybody uses."""
    return HOST.key is None or HOST.knows_cookies(st.context.cookies)


def require() -> None:
    """Go on only for the host.

    Raises:
        NotHostError: It is a visitor.
    """
    if not is_host():
        raise NotHostError


def only(sentence: str) -> bool:
    """Return whether this is the host; to a visitor say why there is no button.

    Args:
        sentence: In the visitor's language.
    """
    if is_host():
        return True
    st.caption(f":material/lock: {plain(sentence)}")
    return False
