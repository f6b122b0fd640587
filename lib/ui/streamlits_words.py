"""What Streamlit says by itself, in English, where a visitor sees or hears it, and what is said instead.

`{n}` stands for any number.
"""

from lib.messages import N_

_AWAY = N_(
    "The server on this computer does not answer. Is it still running? This page goes on by itself when it is back."
)

STREAMLITS = {
    # Its dialog when the server is gone: away from this machine, and on it.
    "Connection error": N_("No connection"),
    "Streamlit server is not responding. Are you connected to the internet?": _AWAY,
    "Is Streamlit still running? If you accidentally stopped Streamlit, just restart it in your terminal:": _AWAY,
    "Close": N_("Close"),
    "Upload": N_("Choose files"),
    "Add files": N_("Add files"),
    "Take Photo": N_("Take a photo"),
    "Clear photo": N_("Take another"),
    "Switch camera": N_("Other camera"),
    "Learn how to allow access.": N_("How to allow it"),
    "This app would like to use your camera.": N_("This page would like to use your camera."),
    "Open": N_("Open"),
    "No results": N_("Nothing found"),
    "Select all": N_("Choose all"),
    "Select {n} matches": N_("Choose all {n}"),
    "Clear all": N_("Remove all"),
    "Clear value": N_("Remove"),
    "Choose options": N_("Choose"),
    "Choose an option": N_("Choose one"),
    "You can only select up to 4 options. Remove an option first.": N_("Only four fit. Take one out first."),
    "Selected values": N_("Chosen"),
    "Pagination": N_("Pages"),
    "Previous page": N_("Previous page"),
    "Next page": N_("Next page"),
    "Copy to clipboard": N_("Copy"),
    "Copied": N_("Copied"),
}
