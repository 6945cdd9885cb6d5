// Zoom, pan and highlighting of the diagram. Without JavaScript, the page shows the whole diagram,
// and a click on a table leads to its section.
"use strict";

const svg = document.querySelector(".diagram");
const whole = svg.viewBox.baseVal;
const all = { x: whole.x, y: whole.y, width: whole.width, height: whole.height };
const FAR = 0.62; // pixels per unit; below it, only names are readable
const TINY = 0.25; // below it, names are not readable either
const NEAREST = 3;

let view = { ...all };

function scale() {
  const { width, height } = svg.getBoundingClientRect();
  return Math.min(width / view.width, height / view.height);
}

function show(next) {
  view = next;
  svg.setAttribute("viewBox", `${view.x} ${view.y} ${view.width} ${view.height}`);
  svg.classList.toggle("afar", scale() < FAR);
}

// Convert a position on the screen to one in the diagram.
function inside(clientX, clientY) {
  return new DOMPoint(clientX, clientY).matrixTransform(svg.getScreenCTM().inverse());
}

function zoom(factor, point) {
  const limited = Math.min(factor, NEAREST / scale());
  const width = Math.min(view.width / limited, all.width * 2);
  const share = width / view.width;
  show({
    x: point.x - (point.x - view.x) * share,
    y: point.y - (point.y - view.y) * share,
    width,
    height: view.height * share,
  });
}

// Return the centre of the zoom of buttons and keys: the table in the address, if it is visible.
function middle() {
  const { x, y } = chosen() ? centre(chosen()) : { x: Infinity, y: 0 };
  const inSight = x > view.x && x < view.x + view.width && y > view.y && y < view.y + view.height;
  return inSight ? { x, y } : { x: view.x + view.width / 2, y: view.y + view.height / 2 };
}

function centre(table) {
  const { x, y, width, height } = svg.querySelector(`[data-table="${table}"]`).getBBox();
  return { x: x + width / 2, y: y + height / 2 };
}

function move(x, y) {
  show({ ...view, x: view.x + x, y: view.y + y });
}

const commands = {
  in: () => zoom(1.4, middle()),
  out: () => zoom(1 / 1.4, middle()),
  fit: () => show({ ...all }),
};
const keys = {
  "+": commands.in, "=": commands.in, "-": commands.out, "0": commands.fit, Home: commands.fit,
  ArrowLeft: () => move(-view.width / 8, 0), ArrowRight: () => move(view.width / 8, 0),
  ArrowUp: () => move(0, -view.height / 8), ArrowDown: () => move(0, view.height / 8),
};

for (const button of document.querySelectorAll("[data-zoom]")) {
  button.addEventListener("click", () => commands[button.dataset.zoom]());
}

svg.addEventListener("keydown", (event) => {
  if (keys[event.key] && !event.ctrlKey && !event.metaKey && !event.altKey) {
    event.preventDefault();
    keys[event.key]();
  }
});

svg.addEventListener("wheel", (event) => {
  event.preventDefault();
  zoom(Math.exp(-event.deltaY / 400), inside(event.clientX, event.clientY));
}, { passive: false });

// One pointer drags, two pinch. A drag is not a click.
const pointers = new Map();
let dragged = 0;

svg.addEventListener("pointerdown", (event) => {
  dragged = pointers.size ? Infinity : 0;
  pointers.set(event.pointerId, event);
});
svg.addEventListener("pointermove", (event) => {
  const before = pointers.get(event.pointerId);
  if (!before) return;
  dragged += Math.hypot(event.clientX - before.clientX, event.clientY - before.clientY);
  if (dragged > 4) {
    svg.setPointerCapture(event.pointerId);
    svg.classList.add("moving");
  }
  const other = [...pointers.values()].find(({ pointerId }) => pointerId !== event.pointerId);
  if (other) {
    const apart = (one) => Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY);
    zoom(apart(event) / apart(before), inside(other.clientX, other.clientY));
  } else {
    const from = inside(before.clientX, before.clientY);
    const to = inside(event.clientX, event.clientY);
    move(from.x - to.x, from.y - to.y);
  }
  pointers.set(event.pointerId, event);
});
for (const end of ["pointerup", "pointercancel"]) {
  svg.addEventListener(end, (event) => {
    pointers.delete(event.pointerId);
    svg.classList.remove("moving");
  });
}
svg.addEventListener("dragstart", (event) => event.preventDefault());
svg.addEventListener("click", (event) => {
  if (dragged > 4 && event.detail) event.preventDefault(); // Enter is a click with no detail
}, true);

// Highlight a table and its relations: the table under the pointer, in focus, or in the address.
function highlight(table) {
  svg.classList.toggle("chosen", Boolean(table));
  const related = new Set([table]);
  for (const edge of svg.querySelectorAll(".edge")) {
    const { from, to } = edge.dataset;
    edge.classList.toggle("related", from === table || to === table);
    if (from === table) related.add(to);
    if (to === table) related.add(from);
  }
  for (const box of svg.querySelectorAll(".box")) {
    box.classList.toggle("related", related.has(box.dataset.table));
    box.classList.toggle("here", box.dataset.table === table);
  }
}

function chosen() {
  const id = location.hash.slice(1);
  return id.startsWith("table-") && document.getElementById(id) ? id.slice("table-".length) : "";
}

function follow() {
  highlight(chosen());
  if (!chosen()) return;
  const { x, y } = centre(chosen());
  if (middle().x !== x) show({ ...view, x: x - view.width / 2, y: y - view.height / 2 });
  document.getElementById(location.hash.slice(1)).focus({ preventScroll: true });
}

for (const box of svg.querySelectorAll(".box")) {
  for (const arrival of ["pointerenter", "focus"]) {
    box.addEventListener(arrival, () => highlight(box.dataset.table));
  }
  for (const leave of ["pointerleave", "blur"]) {
    box.addEventListener(leave, () => highlight(chosen()));
  }
}
window.addEventListener("hashchange", follow);
window.addEventListener("resize", () => show(view));
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && chosen()) location.hash = "";
});

// Start with the whole diagram or, on a phone, where it is too small to read, with its left side.
if (scale() < TINY) {
  const { width, height } = svg.getBoundingClientRect();
  view.width = view.height * width / height;
}
show(view);
follow();
