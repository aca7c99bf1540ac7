import { avatar } from "/page/avatar.js";
import { el } from "/page/dom.js";

const [ROW, STRINGS, TEXT_INPUT, TEXT, LABEL] = [1, 3, 4, 10, 18];
const PARAGRAPH = 2;

/** Ask whether to go on; resolves to true or false. */
export function confirmed({ title, text, action }) {
  return show(
    (close) =>
      el(
        "form",
        { method: "dialog", onsubmit: () => close(true) },
        el("h2", {}, title),
        el("p", {}, text),
        el(
          "div",
          { class: "dialog-buttons" },
          el("button", { type: "button", class: "button secondary", onclick: () => close(false) }, "Cancel"),
          el("button", { type: "submit", class: "button danger", autofocus: true }, action),
        ),
      ),
    false,
  );
}

/** Let one of the bots' entries (`name`, `app`) be chosen; resolves to its place, null for none. */
export function chosen({ title, about, entries, empty }) {
  return show(
    (close) =>
      el(
        "form",
        { method: "dialog" },
        el("h2", {}, title),
        el("blockquote", { class: "about" }, about),
        !entries.length && el("p", {}, empty),
        entries.map(({ name, app }, place) =>
          el(
            "button",
            { type: "button", class: "entry", onclick: () => close(place) },
            avatar(app, { bot: true, small: true }),
            el("b", {}, name),
            el("small", {}, app),
          ),
        ),
        el(
          "div",
          { class: "dialog-buttons" },
          el("button", { type: "button", class: "button secondary", onclick: () => close(null) }, "Cancel"),
        ),
      ),
    null,
  );
}

/** Show a form that a bot sent; resolves to its values by custom id, null when it is closed. */
export function filledForm(modal, app) {
  const fields = new Map();
  return show(
    (close) =>
      el(
        "form",
        {
          method: "dialog",
          onsubmit: () => close(Object.fromEntries([...fields].map(([id, read]) => [id, read()]))),
        },
        el("h2", {}, modal.title),
        el("p", { class: "sender" }, avatar(app, { bot: true, small: true }), app),
        modal.components.map((each) => part(each, fields)),
        el(
          "div",
          { class: "dialog-buttons" },
          el("button", { type: "button", class: "button secondary", onclick: () => close(null) }, "Cancel"),
          el("button", { type: "submit", class: "button primary" }, "Submit"),
        ),
      ),
    null,
  );
}

function part(given, fields) {
  if (given.type === ROW) return given.components.map((each) => part(each, fields));
  if (given.type === LABEL) return labelled(given.label, given.description, given.component, fields);
  if (given.type === TEXT) return el("p", {}, given.content);
  return labelled(given.label, null, given, fields);
}

function labelled(label, about, given, fields) {
  const field = given.type === STRINGS ? menu(given, fields) : input(given, fields);
  return el(
    "label",
    { class: "form-field" },
    el(
      "span",
      {},
      label,
      given.required !== false && el("span", { class: "needed", "aria-hidden": "true" }, " *"),
    ),
    about && el("small", {}, about),
    field,
  );
}

function input(given, fields) {
  const shared = {
    value: given.value ?? "",
    required: given.required !== false,
    placeholder: given.placeholder,
    minlength: given.min_length,
    maxlength: given.max_length,
    autocomplete: "off",
  };
  const node =
    given.style === PARAGRAPH
      ? el("textarea", { ...shared, rows: "4" })
      : el("input", { ...shared, type: "text" });
  if (given.type === TEXT_INPUT) fields.set(given.custom_id, () => node.value);
  else node.disabled = true;
  return node;
}

function menu(given, fields) {
  const node = el(
    "select",
    { multiple: (given.max_values ?? 1) > 1, required: given.required !== false },
    given.options.map(({ label, value, default: selected }) => el("option", { value, selected }, label)),
  );
  fields.set(given.custom_id, () => [...node.selectedOptions].map((option) => option.value));
  return node;
}

function show(content, dismissed) {
  return new Promise((resolve) => {
    const before = document.activeElement;
    const dialog = el("dialog", {});
    let answer = dismissed;
    const close = (value) => {
      answer = value;
      dialog.close();
    };
    dialog.addEventListener("close", () => {
      dialog.remove();
      // Chromium gives the focus back while the page is still inert, and then loses what is typed.
      before?.blur();
      before?.focus();
      resolve(answer);
    });
    dialog.append(content(close));
    document.body.append(dialog);
    const heading = dialog.querySelector("h2");
    heading.id = "dialog-title";
    dialog.setAttribute("aria-labelledby", heading.id);
    dialog.showModal();
  });
}
