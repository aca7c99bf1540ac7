import { el, fill } from "/page/dom.js";

let made = 0;

/**
 * Offer a list beside a text field, which keeps the focus: arrows move, Enter and Tab choose,
 * Escape closes.
 */
export class Choices {
  #items = [];
  #at = 0;
  #pick = null;

  constructor({ field, label }) {
    this.field = field;
    this.id = `choices-${++made}`;
    this.list = el("ul", {
      class: "choices",
      role: "listbox",
      id: this.id,
      "aria-label": label,
      hidden: true,
    });
    for (const [name, value] of Object.entries({
      role: "combobox",
      "aria-controls": this.id,
      "aria-expanded": "false",
      "aria-autocomplete": "list",
    })) {
      field.setAttribute(name, value);
    }
  }

  get open() {
    return !this.list.hidden;
  }

  /** Offer items, each drawn by `draw`; nothing closes the list. */
  show(items, { draw, pick, title }) {
    this.#items = items;
    this.#at = 0;
    this.#pick = pick;
    if (!items.length) return this.close();
    const heading = title && el("li", { class: "title", role: "presentation" }, title);
    fill(
      this.list,
      heading,
      items.map((item, index) => this.#option(draw(item), index)),
    );
    this.list.hidden = false;
    this.field.setAttribute("aria-expanded", "true");
    this.#point(0);
  }

  /** Close the list. */
  close() {
    this.list.hidden = true;
    this.field.setAttribute("aria-expanded", "false");
    this.field.removeAttribute("aria-activedescendant");
  }

  /** Take a key of the field; tell whether it was for the list. */
  key(event) {
    if (!this.open || event.isComposing) return false;
    const steps = { ArrowDown: 1, ArrowUp: -1 };
    if (event.key in steps)
      this.#point((this.#at + steps[event.key] + this.#items.length) % this.#items.length);
    else if (event.key === "Enter" || (event.key === "Tab" && !event.shiftKey)) this.#choose(this.#at);
    else if (event.key === "Escape") this.close();
    else return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  }

  #option(content, index) {
    return el(
      "li",
      {
        role: "option",
        id: `${this.id}-${index}`,
        onmousemove: () => this.#at !== index && this.#point(index),
        onmousedown: (event) => event.preventDefault(),
        onclick: () => this.#choose(index),
      },
      content,
    );
  }

  #point(index) {
    this.#at = index;
    const options = this.list.querySelectorAll('[role="option"]');
    options.forEach((option, each) => option.setAttribute("aria-selected", String(each === index)));
    options[index].scrollIntoView({ block: "nearest" });
    this.field.setAttribute("aria-activedescendant", options[index].id);
  }

  #choose(index) {
    const [item, pick] = [this.#items[index], this.#pick];
    this.close();
    pick(item);
  }
}
