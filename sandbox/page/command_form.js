import { api } from "/page/api.js";
import { el } from "/page/dom.js";
import { optionField } from "/page/option_fields.js";

/** Let the visitor fill in one command's options; Enter sends, Escape goes back. */
export class CommandForm {
  #fields = new Map();

  constructor({ command, store, send, cancel }) {
    Object.assign(this, { command, store, send, cancel });
    this.row = el("div", { class: "option-row" });
    this.more = el("div", { class: "more-options" });
    this.node = el(
      "form",
      {
        class: "command-form",
        "aria-label": `Command ${command.name}`,
        onsubmit: (event) => this.#submit(event),
        onkeydown: (event) => this.#key(event),
      },
      el("div", { class: "command-about" }, el("b", {}, `/${command.name}`), " ", command.description),
      el(
        "div",
        { class: "command-line" },
        el("span", { class: "command-name" }, `/${command.name}`),
        this.row,
        this.more,
        el("button", { class: "button primary", type: "submit" }, "Send"),
      ),
    );
    for (const option of command.options.filter((each) => each.required)) this.#add(option);
    this.#offer();
  }

  /** Put the focus into the first field, or on the button where there is none. */
  focus() {
    (this.node.querySelector("input, select, textarea") ?? this.node.querySelector("[type=submit]")).focus();
  }

  get #command() {
    return { name: this.command.name, bot: this.command.bot };
  }

  #add(option) {
    const ask = (typed) => this.#ask(option, typed);
    const field = optionField(option, { store: this.store, ask });
    this.#fields.set(option.name, { option, ...field });
    this.row.append(
      el("label", { class: "option", title: option.description }, el("span", {}, option.name), field.node),
    );
    return field;
  }

  #offer() {
    const left = this.command.options.filter((each) => !this.#fields.has(each.name));
    this.more.replaceChildren(
      ...left.map((option) =>
        el(
          "button",
          {
            type: "button",
            class: "plain add-option",
            title: option.description,
            "aria-label": `Add the option ${option.name}`,
            onclick: () => {
              const field = this.#add(option);
              this.#offer();
              field.node.querySelector("input, select")?.focus() ?? field.node.focus();
            },
          },
          `+ ${option.name}`,
        ),
      ),
    );
  }

  async #ask(option, typed) {
    const options = { ...(await this.#values(true)), [option.name]: typed };
    const { choices } = await api.choices({
      user: this.store.user,
      channel: this.store.channelId,
      ...this.#command,
      options,
      focused: option.name,
    });
    return choices;
  }

  /** Collect what was typed; while it is being typed, only the text and choices. */
  async #values(unfinished) {
    const values = {};
    for (const [name, field] of this.#fields) {
      const value = unfinished && field.option.type === 11 ? undefined : await field.value();
      if (value !== undefined) values[name] = value;
    }
    return values;
  }

  async #submit(event) {
    event.preventDefault();
    this.send({ ...this.#command, options: await this.#values(false) });
  }

  #key(event) {
    if (event.key !== "Escape") return;
    event.preventDefault();
    this.cancel();
  }
}
