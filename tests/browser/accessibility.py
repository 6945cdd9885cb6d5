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
"""Wait for all animations, also for those that replace a cancelled animation."""
ALIKE = "#result_list tbody:nth-of-type(n+4)"
"""The rows of a list (each a tbody) from the fourth on. They are like the first three."""
MAIN = "#main"
"""The page without the sidebar. The sidebar is the same on every page."""
SEVERE = ("serious", "critical")
NOT_SEVERE = "region"
"""A slow rule. Its findings are never severe."""
COLOR = "color-contrast"
# By default, axe fetches all stylesheets and media again, and computes selectors. No rule needs
# these.
OPTIONS = {"preload": False, "selectors": False}
passed: set[str] = set()
"""Combinations of a text's colour and the colours behind it that have enough contrast."""
CONTRAST = """async ([part, alike, passed, options]) => {
    const below = new Map([[null, ""]]);
    const background = (element) => {
        if (!below.has(element)) {
            const { backgroundColor, backgroundImage, opacity } = getComputedStyle(element);
            const own = `${backgroundColor} ${backgroundImage} ${opacity};`;
            const seen = own === "rgba(0, 0, 0, 0) none 1;" ? "" : own;
            below.set(element, background(element.parentElement) + seen);
        }
        return below.get(element);
    };
    const colors = (element) => {
        const { color, fontSize, fontWeight, textShadow } = getComputedStyle(element);
        return [color, fontSize, fontWeight, textShadow, background(element)].join(" ");
    };
    const hasText = (element) => element.matches("input, select, textarea")
        || [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    const elements = [...document.querySelectorAll(`:is(${part}), :is(${part}) *`)].filter(
        (element) => hasText(element) && !element.closest(alike)
            && element.checkVisibility({ visibilityProperty: true, opacityProperty: true }),
    );
    const unknown = Map.groupBy(elements, colors);
    passed.forEach((one) => unknown.delete(one));
    if (!unknown.size) return { violations: [], passed: [] };
    const include = [...unknown.values()].flatMap((same) => same.slice(0, 2));
    const found = await axe.run({ include }, {
        ...options, runOnly: ["color-contrast"], elementRef: true,
    });
    const good = found.passes.flatMap((rule) => rule.nodes.map((node) => colors(node.element)));
    for (const rule of found.violations) for (const node of rule.nodes) delete node.element;
    return { violations: found.violations, passed: good };
}"""
"""Check the contrast of two texts of each combination of colors that is not in `passed`."""


def assert_accessible(page: Page, name: str, part: str = "html") -> None:
    """Check that axe finds no barrier in `part` of the page, and that the page fits a phone.

    Axe is slow, so pass a `part` that no other test checks. If SCREENSHOTS is in the environment,
    pictures of the page are saved under `name`.
    """
    problems = []
    if not page.evaluate("'axe' in window"):  # load half a megabyte only once
        page.evaluate(AXE_SCRIPT)
    for scheme in ("dark", "light"):
        switch_to(page, scheme)
        problems += [f"{scheme}: {barrier}" for barrier in pale_texts(page, part)]
        photograph(page, f"{name}-{scheme}")
    problems += barriers(page, part)
    page.set_viewport_size(PHONE)
    photograph(page, f"{name}-phone")
    if page.evaluate("document.documentElement.scrollWidth") > PHONE["width"]:
        problems.append("wider than a phone")
    page.set_viewport_size(DESKTOP)
    assert not problems, "\n".join([name, *problems])


def switch_to(page: Page, scheme: str) -> None:
    page.evaluate(f"Alpine.$data(document.documentElement).switchTheme('{scheme}')")
    page.evaluate(SETTLED)


def pale_texts(page: Page, part: str) -> list[str]:
    """Return the texts of `part` with too little contrast; skip colours that axe has passed.

    Axe needs two thirds of its time for colours, and most texts have the same few colours.
    """
    answer = page.evaluate(CONTRAST, [part, ALIKE, sorted(passed), OPTIONS])
    passed.update(answer["passed"])
    return description(answer["violations"])


def barriers(page: Page, part: str) -> list[str]:
    """Return the barriers that axe finds in `part`, except those of contrast."""
    run = "async ([context, options]) => (await axe.run(context, options)).violations"
    context = {"include": [[part]], "exclude": [[ALIKE]]}
    left_out = {rule: {"enabled": False} for rule in (COLOR, NOT_SEVERE)}
    return description(page.evaluate(run, [context, OPTIONS | {"rules": left_out}]))


def description(violations: list[dict[str, Any]]) -> list[str]:
    return [
        f"{violation['id']}: {node['html']}: {node['failureSummary']}"
        for violation in violations
        if violation["impact"] in SEVERE
        for node in violation["nodes"]
    ]


def photograph(page: Page, name: str) -> None:
    if "SCREENSHOTS" in os.environ:
        page.screenshot(path=SCREENSHOTS / f"{name}.png")
