"""axe-core: what of a page somebody cannot use."""

from playwright.sync_api import Page, expect

_AXE = """async (options) => (await axe.run({ resultTypes: ["violations"], iframes: false, ...options })).violations
  .filter((rule) => ["serious", "critical"].includes(rule.impact))
  .map((rule) => `${rule.id}: ` + rule.nodes.map((node) => node.html.slice(0, 160)).join("\\n"))"""


def unusable(page: Page, axe: str) -> list[str]:
    """Return the serious and critical findings, in light colours and in dark ones.

    Args:
        page: A page that is drawn.
        axe: The script.
    """
    page.evaluate(axe)
    found: list[str] = page.evaluate(_AXE, {})
    page.emulate_media(color_scheme="dark")
    expect(page.locator("body")).to_have_css("background-color", "rgb(20, 19, 26)")
    page.wait_for_timeout(500)  # Streamlit's colours fade
    found += page.evaluate(_AXE, {"runOnly": ["color-contrast"]})
    return found
