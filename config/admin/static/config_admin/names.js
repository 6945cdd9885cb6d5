// Names, roles and tab stops for screen readers and keyboards, where the theme has none.
"use strict";

// Elements that only react to clicks; an empty name keeps the text of the element.
const BUTTONS = {
  "[x-on\\:click*=sidebarToggle]": "Menu",
  "[x-on\\:click*=openUserLinks]": "Account",
  "[x-on\\:click*=opencommand]": "Search tables and records",
  "[x-on\\:click*=handleClear]": "Clear",
  "[x-on\\:click*=openTheme]": "Theme",
  "[x-on\\:click*=showPassword]": "Show the password",
  "label:has(input.delete), .delete-template": "Remove",
  "[x-on\\:click*=switchTheme], [x-on\\:click*=adminTheme], .filter-open-button": "",
};

const ICONS = { school: "Home", more_vert: "More", more_horiz: "More" };

document.addEventListener("DOMContentLoaded", () => {
  // If the browser is in another time zone, Django's script warns and names the zone that is set here.
  const zone = document.querySelector("[data-time-zone]")?.dataset.timeZone;
  if (zone) document.body.dataset.adminServerTimezone = zone;
  document.getElementById("main")?.setAttribute("role", "main");
  document.querySelector("body.login #page")?.setAttribute("role", "main");
  document.getElementById("nav-sidebar")?.setAttribute("role", "complementary");
  for (const [selector, name] of Object.entries(BUTTONS)) {
    for (const element of document.querySelectorAll(selector)) makeButton(element, name);
  }
  for (const icon of document.querySelectorAll(".material-symbols-outlined")) nameIcon(icon);
  for (const table of document.querySelectorAll("#result_list, .tabular .formset")) labelCells(table);
  new MutationObserver(nameSelections).observe(document.body, { childList: true, subtree: true });
  nameSelections();
});

// An icon is a word in an icon font. Hide the word from screen readers, and name the button.
function nameIcon(icon) {
  const holder = icon.closest("a, button, [role=button]");
  if (!holder) return;
  const name = holder.getAttribute("aria-label") || textWithoutIcons(holder) || holder.title
    || icon.title || ICONS[icon.innerText.trim()];
  if (!name) return;
  if (!textWithoutIcons(holder)) holder.ariaLabel = name;
  if (icon !== holder) icon.ariaHidden = "true";
}

function textWithoutIcons(element) {
  const copy = element.cloneNode(true);
  for (const icon of copy.querySelectorAll(".material-symbols-outlined")) icon.remove();
  return copy.textContent.trim();
}

// On narrow screens a row is a card (admin.css), whose cells show the headings of their columns.
function labelCells(table) {
  const headings = [...table.tHead.rows[0].cells].map(textWithoutIcons);
  for (const row of table.querySelectorAll("tbody > tr")) {
    if (row.cells.length !== headings.length) continue;
    headings.forEach((heading, index) => { row.cells[index].dataset.label = heading; });
  }
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

// select2 replaces a select by a box without the label of the select.
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
