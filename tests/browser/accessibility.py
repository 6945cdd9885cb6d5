"""Checks of a page for accessibility, in light and dark, and for its width on a phone."""

import os
from pathlib import Path
from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page, ViewportSize

DESKTOP: ViewportSize = {"width": 1440, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}
SCREENSHOTS = Path(__file__).parent / "screenshots"
SETTLED = """async () => {
    const moving = () => document.getAnimations().filter((one) => one.playState === "running");
    while (moving().length) await Promise.allSettled(moving().map((one) => one.finished));
}"""
"""Wait for animations. The page may cancel one and start another in its place."""
ALIKE = "#result_list tbody:nth-of-type(n+4)"
"""The rows of a list from the fourth on, each in a tbody: they repeat the first three."""
MAIN = "#main"
"""All but the sidebar, which is the same on every page."""
SEVERE = ("serious", "critical")


def assert_accessible(page: Page, name: str, part: str = "html") -> None:
    """Fail if axe finds a barrier on the page, or if the page is wider than a phone.

    Axe is slow, so it checks only the `part` that no other test checks.
    If SCREENSHOTS is in the environment, pictures of the page are saved under `name`.
    """
    problems = []
    for scheme, rules in {"dark": ["color-contrast"], "light": []}.items():
        switch_to(page, scheme)
        problems += [f"{scheme}: {barrier}" for barrier in barriers(page, part, *rules)]
        photograph(page, f"{name}-{scheme}")
    page.set_viewport_size(PHONE)
    photograph(page, f"{name}-phone")
    if page.evaluate("document.documentElement.scrollWidth") > PHONE["width"]:
        problems.append("wider than a phone")
    page.set_viewport_size(DESKTOP)
    assert not problems, "\n".join([name, *problems])


def switch_to(page: Page, scheme: str) -> None:
    page.evaluate(f"Alpine.$data(document.documentElement).switchTheme('{scheme}')")
    page.evaluate(SETTLED)


def barriers(page: Page, part: str, *rules: str) -> list[str]:
    """Return the barriers that axe finds in `part` by `rules`, or by all that it has."""
    # It would fetch all stylesheets and media again, which no rule needs here, and find selectors.
    options: dict[str, Any] = {
        "resultTypes": ["violations"],
        "preload": False,
        "selectors": False,
    }
    if rules:
        options["runOnly"] = rules
    if not page.evaluate("'axe' in window"):  # half a megabyte, so only once a page
        page.evaluate(AXE_SCRIPT)
    run = "async ([context, options]) => (await axe.run(context, options)).violations"
    context = {"include": [[part]], "exclude": [[ALIKE]]}
    return [
        f"{violation['id']}: {node['html']}: {node['failureSummary']}"
        for violation in page.evaluate(run, [context, options])
        if violation["impact"] in SEVERE
        for node in violation["nodes"]
    ]


def photograph(page: Page, name: str) -> None:
    if "SCREENSHOTS" in os.environ:
        page.screenshot(path=SCREENSHOTS / f"{name}.png")
