import { el } from "/page/dom.js";
import { renderMarkdown } from "/page/markdown.js";

const [ROW, BUTTON, STRINGS, SECTION, TEXT, SEPARATOR, CONTAINER] = [1, 2, 3, 9, 10, 14, 17];
const LINK = 5;
const STYLES = { 1: "primary", 2: "secondary", 3: "success", 4: "danger", 5: "secondary" };

/** Show a message's buttons and menus. */
export function componentRows(message, acts, context) {
  return (message.components ?? []).map((each) => component(each, message, acts, context));
}

function component(given, message, acts, context) {
  const inner = () => (given.components ?? []).map((each) => component(each, message, acts, context));
  if (given.type === ROW) return el("div", { class: "controls" }, inner());
  if (given.type === BUTTON) return button(given, message, acts);
  if (given.type === STRINGS) return menu(given, message, acts);
  if (given.type === TEXT)
    return el("div", { class: "content" }, renderMarkdown(given.content ?? "", context));
  if (given.type === SEPARATOR) return el("hr");
  if (given.type === CONTAINER) return el("div", { class: "embed" }, inner());
  if (given.type === SECTION)
    return el(
      "div",
      { class: "section" },
      el("div", {}, inner()),
      component(given.accessory, message, acts, context),
    );
  return el("small", { class: "subtext" }, "This part of the message is not shown in the sandbox.");
}

function button(given, message, acts) {
  const label = [given.emoji?.id ? `:${given.emoji.name}:` : given.emoji?.name, given.label]
    .filter(Boolean)
    .join(" ");
  const look = `button ${STYLES[given.style] ?? "secondary"}`;
  if (given.style === LINK && /^https?:\/\//.test(given.url ?? "")) {
    return el(
      "a",
      { class: look, href: given.url, target: "_blank", rel: "noopener noreferrer" },
      `${label} ↗`,
    );
  }
  return el(
    "button",
    {
      class: look,
      disabled: given.disabled || !given.custom_id,
      "data-key": `press ${message.id} ${given.custom_id}`,
      onclick: () => acts.press(message, given.custom_id),
    },
    label,
  );
}

function menu(given, message, acts) {
  const several = (given.max_values ?? 1) > 1;
  const choose = ({ target }) => {
    const values = [...target.selectedOptions].map((option) => option.value).filter(Boolean);
    if (values.length) acts.press(message, given.custom_id, values);
  };
  const label = given.placeholder || "Make a selection";
  return el(
    "select",
    {
      class: "menu",
      disabled: given.disabled,
      multiple: several,
      "aria-label": label,
      "data-key": `press ${message.id} ${given.custom_id}`,
      onchange: choose,
    },
    !several && el("option", { value: "", selected: true }, label),
    given.options.map((option) =>
      el("option", { value: option.value, selected: option.default }, option.label),
    ),
  );
}
