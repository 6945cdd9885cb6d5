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
  "label:has(input.delete), .delete-template": "Remove",
  "[x-on\\:click*=switchTheme], [x-on\\:click*=adminTheme], .filter-open-button": "",
};

const ICONS = { school: "Home", more_vert: "More", more_horiz: "More" };

document.addEventListener("DOMContentLoaded", () => {
  document.getElementById("main")?.setAttribute("role", "main");
  document.querySelector("body.login #page")?.setAttribute("role", "main");
  document.getElementById("nav-sidebar")?.setAttribute("role", "complementary");
  for (const [selector, name] of Object.entries(BUTTONS)) {
    for (const element of document.querySelectorAll(selector)) makeButton(element, name);
  }
  for (const icon of document.querySelectorAll(".material-symbols-outlined")) nameIcon(icon);
  new MutationObserver(nameSelections).observe(document.body, { childList: true, subtree: true });
  nameSelections();
});

// An icon is a word in a font of pictures, which would be read aloud.
function nameIcon(icon) {
  const holder = icon.closest("a, button, [role=button]");
  if (!holder) return;
  const name = holder.getAttribute("aria-label") || textBesideIcons(holder) || holder.title
    || icon.title || ICONS[icon.innerText.trim()];
  if (!name) return;
  if (!textBesideIcons(holder)) holder.ariaLabel = name;
  if (icon !== holder) icon.ariaHidden = "true";
}

function textBesideIcons(element) {
  const copy = element.cloneNode(true);
  for (const icon of copy.querySelectorAll(".material-symbols-outlined")) icon.remove();
  return copy.textContent.trim();
}

function makeButton(element, name) {
  element.setAttribute("role", "button");
  element.tabIndex = 0;
  element.dataset.pressed = "";
  if (name) element.ariaLabel = name;
}

document.addEventListener("keydown", (event) => {
  if (!event.target.matches("[data-pressed]") || !["Enter", " "].includes(event.key)) return;
  event.preventDefault();
  event.target.click();
});

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
