// For those who listen to a page: parts that the theme leaves without a name or a role.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  document.getElementById("main")?.setAttribute("role", "main");
  document.querySelector("body.login #page")?.setAttribute("role", "main");
  document.getElementById("nav-sidebar")?.setAttribute("role", "complementary");
  new MutationObserver(nameSelections).observe(document.body, { childList: true, subtree: true });
  nameSelections();
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
