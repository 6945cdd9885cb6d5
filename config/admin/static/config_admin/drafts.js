// Drafts: a form that was sent but not saved is kept in the tab, and restored when its page is opened
// again. This helps after the end of a session, after an error page and after a lost connection.
// The server confirms a saved form with a cookie (config.admin.drafts).
"use strict";
{
  const KEY = `draft ${location.pathname}${location.search}`;
  const RECEIPT = /(?:^|; )saved_form=(\d+)/;
  const COUNT = /-(TOTAL|INITIAL|MIN_NUM|MAX_NUM)_FORMS$/;
  const DOUBLE_CLICK = 5_000; // milliseconds; long, because a server under load answers late
  const UNKEPT = "[type=password], [type=file], [type=submit], [name=csrfmiddlewaretoken], [name=_draft]";

  let sentAt = -Infinity;

  addEventListener("DOMContentLoaded", () => {
    forgetSaved();
    document.getElementById("logout-form")?.addEventListener("submit", () => forget(() => true));
    announceOnLoginPage();
  });

  // Run after the handlers of the theme, which add rows to inlines.
  addEventListener("load", () => setTimeout(watchForm));

  function watchForm() {
    const page = document.getElementById("draft")?.dataset;
    const form = document.querySelector("form.warn-unsaved-form");
    if (!page || !form) return;
    forget((draft) => draft.account !== page.account);
    const draft = kept()[KEY];
    if (page.method === "POST") forget((_, key) => key === KEY); // the form already shows it
    else if (draft) announce(form, draft, restore(form, draft));
    form.addEventListener("submit", (event) => send(event, form, page));
  }

  function send(event, form, page) {
    if (event.timeStamp - sentAt < DOUBLE_CLICK) {
      event.preventDefault(); // a second request adds the record twice
      event.stopImmediatePropagation();
      return;
    }
    const problem = tooLarge(form, event.submitter, page);
    document.getElementById("form-too-large")?.remove();
    if (problem) {
      event.preventDefault();
      event.stopImmediatePropagation();
      return say(form, problem, "alert", "form-too-large");
    }
    sentAt = event.timeStamp;
    const number = String(Date.now());
    const input = form.elements._draft || form.appendChild(hidden("_draft"));
    input.value = number;
    keep({ number, account: page.account, values: valuesOf(form), titles: titlesOf(form) });
  }

  // A page that the browser restores from its back/forward cache keeps these variables.
  addEventListener("pageshow", () => { sentAt = -Infinity; });

  // Keep drafts

  function kept() {
    const keys = Object.keys(sessionStorage).filter((key) => key.startsWith("draft "));
    return Object.fromEntries(keys.map((key) => [key, JSON.parse(sessionStorage.getItem(key))]));
  }

  function keep(draft) {
    const text = JSON.stringify(draft);
    try {
      sessionStorage.setItem(KEY, text);
    } catch {
      forget(() => true); // The storage is full; this form matters more than earlier ones.
      sessionStorage.setItem(KEY, text);
    }
  }

  function forget(condition) {
    for (const [key, draft] of Object.entries(kept())) {
      if (condition(draft, key)) sessionStorage.removeItem(key);
    }
  }

  function forgetSaved() {
    const number = document.cookie.match(RECEIPT)?.[1];
    if (!number) return;
    forget((draft) => draft.number === number);
    document.cookie = "saved_form=; path=/; max-age=0";
  }

  function valuesOf(form) {
    const unkept = new Set([...form.querySelectorAll(UNKEPT)].map((input) => input.name));
    return [...new FormData(form)].filter(([name]) => !unkept.has(name));
  }

  // When the page is opened again, autocomplete inputs lack options for the chosen records.
  function titlesOf(form) {
    const chosen = form.querySelectorAll("select.admin-autocomplete option:checked");
    return Object.fromEntries([...chosen].map((option) => [option.value, option.text]));
  }

  // Restore a draft

  // Fill the form, and return how many rows of inlines could not be restored.
  function restore(form, draft) {
    const [rows, lost] = matchRows(form, draft);
    const values = new Map();
    for (const [name, value] of draft.values) {
      const here = renamed(name, rows);
      if (here) values.set(here, [...(values.get(here) ?? []), value]);
    }
    const known = new Set(rows.values());
    for (const input of form.elements) {
      const row = rowOf(input.name);
      if (!input.name || input.matches(UNKEPT) || COUNT.test(input.name)) continue;
      if (!row || known.has(row)) fill(input, values.get(input.name) ?? [], draft.titles);
    }
    return lost;
  }

  // Map each sent row to the row of this page with the same key. Add a row for a sent row without a
  // key. Also return the number of sent rows that were not mapped.
  function matchRows(form, draft) {
    const sent = new Map(draft.values);
    const rows = new Map();
    let lost = 0;
    for (const total of form.querySelectorAll("[name$='-TOTAL_FORMS']")) {
      const prefix = total.name.replace(COUNT, "");
      const here = new Map([...Array(Number(total.value)).keys()].map((index) =>
        [form.elements[`${prefix}-${index}-id`]?.value, `${prefix}-${index}-`]));
      for (let index = 0; index < Number(sent.get(total.name) ?? 0); index++) {
        const key = sent.get(`${prefix}-${index}-id`);
        const row = key ? here.get(key) : addRow(form, prefix, total);
        if (row) rows.set(`${prefix}-${index}-`, row);
        else lost++;
      }
    }
    return [rows, lost];
  }

  function addRow(form, prefix, total) {
    const before = total.value;
    document.querySelector(`#${prefix}-group .add-row`)?.click();
    return total.value === before ? null : `${prefix}-${before}-`;
  }

  function rowOf(name) {
    return name.match(/^.+?-(\d+|__prefix__)-/)?.[0];
  }

  function renamed(name, rows) {
    const row = rowOf(name);
    return row ? rows.has(row) && name.replace(row, rows.get(row)) : name;
  }

  function fill(input, values, titles) {
    const before = [input.value, input.checked].join();
    if (["checkbox", "radio"].includes(input.type)) input.checked = values.includes(input.value);
    else if (input.tagName === "SELECT") choose(input, values, titles);
    else if (values.length) input.value = values.shift();
    if (before === [input.value, input.checked].join()) return;
    input.dispatchEvent(new Event("input", { bubbles: true }));
    input.dispatchEvent(new Event("change", { bubbles: true }));
  }

  function choose(select, values, titles) {
    for (const value of values) {
      const known = [...select.options].some((option) => option.value === value);
      if (!known) select.add(new Option(titles[value] ?? value, value));
    }
    for (const option of select.options) option.selected = values.includes(option.value);
  }

  // Tell the user

  function announce(form, draft, lost) {
    const rows = lost === 1 ? "1 row was" : `${lost} rows were`;
    const loss = lost ? ` ${rows} deleted meanwhile, or cannot be added.` : "";
    const note = say(form, `Your unsaved changes of ${timeOf(draft)} are back.${loss}`, "status");
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "Discard";
    button.addEventListener("click", discard);
    note.append(" ", button);
  }

  function discard() {
    forget((_, key) => key === KEY);
    addEventListener("beforeunload", (event) => event.stopImmediatePropagation(), true);
    location.replace(location.pathname + location.search);
  }

  function announceOnLoginPage() {
    const form = document.getElementById("login-form");
    const [draft] = Object.values(kept());
    if (!form || !draft) return;
    say(form, `What you sent at ${timeOf(draft)} is not saved yet. It is back after you log in.`, "status");
  }

  function say(form, text, role, id = "") {
    const note = document.createElement("p");
    Object.assign(note, { className: "form-note", role, id, textContent: text });
    form.prepend(note);
    note.scrollIntoView({ block: "center" });
    return note;
  }

  function timeOf(draft) {
    return new Date(Number(draft.number)).toLocaleTimeString("en-GB", { timeStyle: "short" });
  }

  // Find a form that the server would refuse

  function tooLarge(form, submitter, page) {
    const values = [...new FormData(form, submitter)];
    const body = new URLSearchParams(values.map(([name, value]) =>
      [name, String(value).replace(/\r?\n/g, "\r\n")]));
    const bytes = body.toString().length;
    if (values.length > Number(page.maxFields)) {
      return `Nothing was sent: the form has ${values.length} fields, and the server takes ${page.maxFields}. `
        + "Remove some of the added rows and save. Then add them again.";
    }
    if (bytes <= Number(page.maxBytes)) return "";
    const typed = values.filter(([name]) => form.elements[name]?.type !== "hidden");
    const [longest] = typed.sort(([, one], [, other]) => other.length - one.length)[0];
    const label = form.elements[longest].labels?.[0]?.textContent.replace("*", "").trim() ?? longest;
    return `Nothing was sent: the form has ${megabytes(bytes)}, and the server takes ${megabytes(page.maxBytes)}. `
      + `The longest text is in “${label}”: shorten it.`;
  }

  function megabytes(bytes) {
    return `${(bytes / 1048576).toFixed(1)} MB`;
  }

  function hidden(name) {
    return Object.assign(document.createElement("input"), { type: "hidden", name });
  }
}
