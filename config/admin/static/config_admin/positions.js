// Positions: when rows of an inline are dragged, assign their numbers again in the new order.
"use strict";

// The theme numbers the rows of each page from 0. Replace its function before Alpine looks it up.
document.addEventListener("alpine:init", () => {
  window.sortRecords = ({ from }) => {
    const number = `input[name$="-${from.dataset.orderingField}"]`;
    const inputs = [...from.querySelectorAll(`.form-group.original ${number}`)];
    const values = inputs.map((input) => input.value).sort((one, other) => one - other);
    inputs.forEach((input, place) => {
      input.value = values[place];
      input.dispatchEvent(new Event("input", { bubbles: true }));
    });
  };
});

document.addEventListener("DOMContentLoaded", () => {
  for (const handle of document.querySelectorAll("[x-sort\\:handle]")) {
    handle.title = "Drag to move, or type the number";
    handle.ariaHidden = "true"; // with a keyboard, users type the number
  }
});
