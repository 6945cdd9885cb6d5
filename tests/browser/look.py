"""A look at a page: can everybody read it, in light and dark, at a desk and on a phone?"""

import os
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, ViewportSize

DESKTOP: ViewportSize = {"width": 1440, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}
SCREENSHOTS = Path(__file__).parent / "screenshots"
SETTLED = "Promise.all(document.getAnimations().map((animation) => animation.finished))"
ALIKE = "#result_list tr:nth-of-type(n+4)"
"""The rows of a list that are as those above them."""
SEVERE = ("serious", "critical")


def look(page: Page, name: str) -> None:
    """With SCREENSHOTS in the environment there will be pictures, by `name`."""
    problems = []
    for scheme, rules in {"dark": ["color-contrast"], "light": []}.items():
        switch_to(page, scheme)
        problems += [f"{scheme}: {barrier}" for barrier in barriers(page, *rules)]
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


def barriers(page: Page, *rules: str) -> list[str]:
    """What axe finds to be in somebody's way; without `rules` by all that it knows."""
    options: dict[str, Any] = {"resultTypes": ["violations"]}
    if rules:
        options["runOnly"] = rules
    found = Axe().run(page, {"exclude": [[ALIKE]]}, options).response["violations"]
    return [
        f"{violation['id']}: {node['html']}: {node['failureSummary']}"
        for violation in found
        if violation["impact"] in SEVERE
        for node in violation["nodes"]
    ]


def photograph(page: Page, name: str) -> None:
    if "SCREENSHOTS" in os.environ:
        page.screenshot(path=SCREENSHOTS / f"{name}.png")
