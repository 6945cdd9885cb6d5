"""Forms that are sent but not saved."""

from playwright.sync_api import Page, expect

from tests.browser.accessibility import assert_accessible
from tests.browser.platform import Platform, log_in
from tests.browser.test_editing import draft


def test_form_sent_after_the_end_of_the_session__is_restored_after_the_login(
    visitor: Page, platform: Platform
) -> None:
    form = draft(platform, 0)
    log_in(visitor, platform.admin, form)
    visitor.get_by_label("Category").fill("Weaving")
    modules = visitor.locator("#modules-group")
    modules.get_by_text("Add another").click()
    added = modules.locator("tbody.template:not(.empty-form)").last.get_by_label("Title")
    added.fill("Looms")
    visitor.context.clear_cookies(name="sessionid")
    visitor.get_by_role("button", name="Save", exact=True).click()
    expect(visitor.get_by_text("It is back after you log in.")).to_be_visible()
    log_in(visitor, platform.admin, visitor.url)
    expect(visitor.get_by_role("status")).to_contain_text("Your unsaved changes of")
    expect(visitor.get_by_label("Category")).to_have_value("Weaving")
    expect(added).to_have_value("Looms")
    assert_accessible(visitor, "draft", ".form-note")
    visitor.get_by_role("button", name="Discard").click()
    expect(visitor.get_by_label("Category")).not_to_have_value("Weaving")
    expect(added).to_have_count(0)


def test_form_that_is_too_large__is_not_sent(page: Page, platform: Platform) -> None:
    page.goto(draft(platform, 0))
    page.get_by_label("Description").fill("x" * 2_700_000)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text(
        "The longest text is in “Description”: shorten it."
    )
    page.get_by_label("Description").fill("Short")
    page.get_by_role("button", name="Save and continue editing").click()
    expect(page.get_by_text("was changed successfully")).to_be_visible()
    assert page.evaluate("Object.keys(sessionStorage)") == []


def test_form_with_too_many_fields__is_not_sent(page: Page, platform: Platform) -> None:
    page.goto(draft(platform, 0))
    page.evaluate("document.getElementById('draft').dataset.maxFields = 3")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text(
        "fields, and the server takes 3. Remove some of the added rows and save."
    )


def test_save_clicked_twice__sends_the_form_once(page: Page, platform: Platform) -> None:
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.method))
    page.goto(draft(platform, 0))
    page.get_by_role("button", name="Save and continue editing").dblclick()
    expect(page.get_by_text("was changed successfully")).to_be_visible()
    assert sent.count("POST") == 1
