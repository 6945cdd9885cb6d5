// For those who listen to a page, or use no mouse: what the theme leaves without a name, a role, or
// a place among what Tab reaches.
"use strict";

// Parts that are made for clicking only; those without a name here say theirs.
const BUTTONS = {
  "[x-on\\:click*=sidebarToggle]": "Menu",
  "[x-on\\:click*=openUserLinks]": "Account",
  "[x-on\\:click*=opencommand]": "Search apps and models",
  "[x-on\\:click*=handleClear]": "Clear",
  "[x-on\\:click*=openTheme]": "Theme",
  "[x-on\\:click*=showPassword]": "Show the password",
  "[x-on\\:click*=switchTheme], [x-on\\:click*=adminTheme], .filter-open-button": "",
};

document.addEventListener("DOMContentLoaded", () => {
  document.getElementById("main")?.setAttribute("role", "main");
  document.querySelector("body.login #page")?.setAttribute("role", "main");
  document.getElementById("nav-sidebar")?.setAttribute("role", "complementary");
  for (const [selector, name] of Object.entries(BUTTONS)) {
    for (const element of document.querySelectorAll(selector)) makeButton(element, name);
  }
  new MutationObserver(nameSelections).observe(document.body, { childList: true, subtree: true });
  nameSelections();
});

function makeButton(element, name) {
  element.setAttribute("role", "button");
  element.tabIndex = 0;
  for (const icon of element.querySelectorAll(".material-symbols-outlined")) icon.ariaHidden = "true";
  if (name) element.ariaLabel = name;
  element.addEventListener("keydown", (event) => {
    if (event.target !== element || (event.key !== "Enter" && event.key !== " ")) return;
    event.preventDefault();
    element.click();
  });
}

// select2 puts a box in the place of a select, and leaves the select's label behind.
function nameSelections() {
  for (const text of document.querySelectorAll(".select2-selection__rendered:not([aria-label])")) {
    const select = text.closest(".select2-container").previousElementSibling;
    const name = select?.labels?.[0]?.innerText.replace("*", "").trim()
      || select?.getAttribute("aria-label") || select?.name;
    text.setAttribute("aria-label", name);
    text.closest(".select2-selection").setAttribute("aria-label", name);
    text.closest(".select2-selection").removeAttribute("aria-labelledby");
  }
}
