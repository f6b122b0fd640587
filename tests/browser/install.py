"""Make sure there is a Chromium for the end-to-end tests: an installed one, the system's package, or Playwright's.

Run as a script; prints what it found or did. `find_browser` tells the tests which one to start.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def find_browser() -> str | None:
    """Return the path of a browser that can be driven, or None.

    `DISCERN_BROWSER` names one; else one on the PATH; else the one that Playwright installed.
    """
    if named := os.environ.get("DISCERN_BROWSER"):
        return named
    for name in NAMES:
        if found := shutil.which(name):
            return found
    return _playwrights_own()


def _playwrights_own() -> str | None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


def install() -> None:
    """Install Chromium by the system's package manager, else by Playwright."""
    if shutil.which("apt-get") and os.geteuid() == 0:
        subprocess.run(["apt-get", "update", "-q"], check=False)
        subprocess.run(["apt-get", "install", "-y", "-q", "chromium"], check=False)
    if find_browser() is None:
        subprocess.run([sys.executable, "-m", "playwright", "install", "--with-deps", "chromium"], check=False)


if __name__ == "__main__":
    if find_browser() is None:
        install()
    if found := find_browser():
        print(f"The end-to-end tests use {found}")
    else:
        sys.exit("No Chromium: install one, or set DISCERN_BROWSER to its path.")
