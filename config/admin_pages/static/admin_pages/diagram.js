// Zoom, pan and highlighting of the diagram. Without JavaScript, the page shows the whole diagram,
// and a click on a table leads to its section.
"use strict";

const svg = document.querySelector(".diagram");
const whole = svg.viewBox.baseVal;
const all = { x: whole.x, y: whole.y, width: whole.width, height: whole.height };
const FAR = 0.5; // pixels per unit; below this scale, only names are readable
const TINY = 0.3; // below this scale, not even names are readable
const READABLE = 0.75;
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

// Return the point around which buttons and keys zoom: the centre of the table in the address if it
// is visible, otherwise the centre of the view.
function middle() {
  const point = chosen() && centre(chosen());
  return point && inSight(point) ? point : { x: view.x + view.width / 2, y: view.y + view.height / 2 };
}

function inSight({ x, y }) {
  return x > view.x && x < view.x + view.width && y > view.y && y < view.y + view.height;
}

function centre(table) {
  const { x, y, width, height } = box(table).getBBox();
  return { x: x + width / 2, y: y + height / 2 };
}

function box(table) {
  return svg.querySelector(`[data-table="${table}"]`);
}

// Move the diagram so that a table is in sight.
function reveal(table) {
  const { x, y } = centre(table);
  if (!inSight({ x, y })) show({ ...view, x: x - view.width / 2, y: y - view.height / 2 });
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

// One pointer drags the diagram; two pointers zoom. A drag is not a click.
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
  if (dragged > 4 && event.detail) event.preventDefault(); // a click by Enter has no detail
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
  for (const other of svg.querySelectorAll(".box")) {
    other.classList.toggle("related", related.has(other.dataset.table));
    other.classList.toggle("here", other.dataset.table === table);
    for (const row of other.querySelectorAll("[data-target]")) {
      const leads = row.dataset.target === table || other.dataset.table === table;
      row.classList.toggle("related", leads);
    }
  }
}

// Return the table in the address, if it is in the diagram.
function chosen() {
  const [, table] = location.hash.match(/^#table-(\w+)$/) ?? [];
  return table && box(table) ? table : "";
}

function follow() {
  resize();
  highlight(chosen());
  if (chosen()) {
    reveal(chosen());
    document.getElementById(`table-${chosen()}`).focus({ preventScroll: true });
  }
}

// Keep the size of the letters when the space for the diagram changes.
let space;

function resize() {
  const { width, height } = svg.getBoundingClientRect();
  if (!width) return;
  if (!space) start({ width, height });
  const pixels = Math.min(space.width / view.width, space.height / view.height);
  const isWhole = view.width === all.width && !chosen();
  space = { width, height };
  show(isWhole ? view : { ...view, width: width / pixels, height: height / pixels });
}

// Start with the whole diagram or, if it is too small to read, with its upper left part.
function start(size) {
  space = size;
  if (scale() < TINY) {
    view.width = size.width / READABLE;
    view.height = size.height / READABLE;
  }
}

for (const one of svg.querySelectorAll(".box")) {
  const { table } = one.dataset;
  for (const arrival of ["pointerenter", "focus"]) {
    one.addEventListener(arrival, () => highlight(table));
  }
  one.addEventListener("focus", () => one.matches(":focus-visible") && reveal(table));
  for (const leave of ["pointerleave", "blur"]) {
    one.addEventListener(leave, () => highlight(chosen()));
  }
}
for (const link of document.querySelectorAll(".choices a")) {
  link.addEventListener("click", () => { link.hash = location.hash; });
}
window.addEventListener("hashchange", follow);
new ResizeObserver(resize).observe(svg);
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && chosen()) location.hash = "";
});

// Print the whole diagram.
let screen = view;
window.addEventListener("beforeprint", () => { screen = view; show({ ...all }); });
window.addEventListener("afterprint", () => show(screen));

follow();
