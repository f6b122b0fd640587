"""HTML with text from anywhere in it, escaped in one place."""

from html import escape


def tag(name: str, text: str, css_class: str = "", inside: str = "", **attributes: str) -> str:
    """Return an element.

    Args:
        name: "p", "button", …
        text: Anything; it is escaped.
        css_class: Its classes.
        inside: HTML that comes before the text.
        attributes: `data_do="use"` is the attribute data-do; the values are escaped, too.
    """
    given = {"class": css_class, **attributes} if css_class else attributes
    written = "".join(f' {key.replace("_", "-")}="{escape(value)}"' for key, value in given.items())
    return f"<{name}{written}>{inside}{escape(text)}</{name}>"


def strong(text: str, figure: str) -> str:
    """Return a text as HTML, with a figure in it that stands out."""
    return escape(text).replace(figure, f"<b>{figure}</b>", 1)


def icon(path: str) -> str:
    """Return a small drawing for a button."""
    return f'<svg class="ico" viewBox="0 0 24 24" aria-hidden="true"><path d="{path}"/></svg>'
