import { api } from "/page/api.js";
import { Choices } from "/page/choices.js";
import { CommandForm } from "/page/command_form.js";
import { announce, el, fill } from "/page/dom.js";
import { icon } from "/page/icons.js";
import { toMarkup } from "/page/names.js";
import { commandsFor, drawCommand, matching } from "/page/slash.js";
import { Tray } from "/page/tray.js";
import { toUpload } from "/page/uploads.js";

const TYPING_EVERY = 8000;
const TALLEST = 220;
const COMMAND = /^\/([\w -]*)$/;

/** Let the visitor write: messages, replies, files, mentions and slash commands. */
export class Composer {
  #commands = [];
  #typed = 0;
  #drafts = new Map();

  constructor({ store, place, run, editLast }) {
    Object.assign(this, { store, place, run, editLast, answering: null, form: null });
    this.field = el("textarea", {
      id: "message-box",
      rows: "1",
      "data-key": "composer",
      onkeydown: (event) => this.#key(event),
      oninput: () => this.#input(),
      onblur: () => this.choices.close(),
      onpaste: (event) => this.tray.add(event.clipboardData.files),
    });
    this.choices = new Choices({ field: this.field, label: "Suggestions" });
    this.tray = new Tray({ refuse: (sentence) => this.#say(sentence), done: () => this.focus() });
    this.answerBar = el("div", { class: "answer-bar", hidden: true });
    this.notice = el("p", { class: "notice", role: "alert", hidden: true });
    const attach = { class: "plain attach", "aria-label": "Add files", title: "Add files" };
    const button = el("button", { ...attach, onclick: () => this.tray.open() }, icon("plus"));
    this.line = el("div", { class: "write-line" }, button, this.field, this.tray.picker);
    fill(place, this.choices.list, this.notice, this.answerBar, this.tray.node, this.line);
    place.addEventListener("dragover", (event) => event.preventDefault());
    place.addEventListener("drop", (event) => {
      event.preventDefault();
      this.tray.add(event.dataTransfer.files);
    });
    store.addEventListener("place", () => this.#arrive());
  }

  /** Put the focus where the visitor writes. */
  focus() {
    if (this.form) this.form.focus();
    else this.field.focus();
  }

  /** Answer a message; null answers none. */
  answer(message) {
    this.answering = message;
    this.answerBar.hidden = !message;
    if (!message) return;
    const end = { class: "plain", "aria-label": "Do not reply", onclick: () => this.#endAnswer() };
    const whom = el("span", {}, "Replying to ", el("b", {}, message.author.name));
    fill(this.answerBar, whom, el("button", end, icon("close")));
    this.focus();
  }

  #endAnswer() {
    this.answer(null);
    this.focus();
  }

  #arrive() {
    const { channel, user } = this.store;
    const key = `${user} ${channel?.id}`;
    if (!channel || key === this.key) return;
    if (this.key) this.#drafts.set(this.key, this.field.value);
    this.key = key;
    this.#closeForm();
    this.answer(null);
    this.field.value = this.#drafts.get(key) ?? "";
    const name = channel.type === "dm" ? `@${this.store.bot.name}` : `#${channel.name}`;
    this.field.placeholder = `Message ${name}`;
    this.field.setAttribute("aria-label", `Message ${name}`);
    this.#fit();
  }

  async #input() {
    this.#fit();
    this.#say(null);
    const before = this.field.value.slice(0, this.field.selectionStart);
    const slash = COMMAND.exec(this.field.value);
    const at = /(?:^|\s)@([^\s@]*)$/.exec(before);
    if (slash) await this.#offerCommands();
    else if (at) this.#offerNames(at[1]);
    else this.choices.close();
    if (this.field.value && !slash) this.#tellTyping();
  }

  async #offerCommands() {
    try {
      if (!this.choices.open || !this.#commands.length)
        this.#commands = await commandsFor(this.store.user, this.store.channelId);
    } catch (error) {
      return this.#say(error.message);
    }
    const typed = COMMAND.exec(this.field.value);
    if (!typed || document.activeElement !== this.field) return;
    const found = matching(this.#commands, typed[1]);
    this.choices.show(found, {
      draw: drawCommand,
      title: this.store.bot.name,
      pick: (command) => this.#openForm(command),
    });
  }

  #offerNames(typed) {
    const found = this.store.everybody.filter(({ name }) => name.toLowerCase().includes(typed.toLowerCase()));
    const draw = ({ name, bot }) => [
      el("span", { class: "choice-name" }, `@${name}`),
      bot && el("span", { class: "badge" }, "APP"),
    ];
    this.choices.show(found, {
      draw,
      title: "Members",
      pick: ({ name }) => this.#insert(typed.length, `${name} `),
    });
  }

  #insert(typed, text) {
    const end = this.field.selectionStart;
    this.field.setRangeText(text, end - typed, end, "end");
    this.#fit();
  }

  #key(event) {
    if (this.choices.key(event) || event.isComposing) return;
    const unknown = COMMAND.test(this.field.value.trim());
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      if (unknown) this.#say("There is no such command here. Choose one from the list that “/” opens.");
      else this.#send();
    } else if (event.key === "Escape" && this.answering) this.answer(null);
    else if (event.key === "ArrowUp" && !this.field.value) {
      event.preventDefault();
      this.editLast();
    }
  }

  async #send() {
    const { store, field } = this;
    const content = toMarkup(field.value.trim(), store.everybody);
    if (!content && this.tray.empty) return;
    const [text, files, answering, channel] = [
      field.value,
      this.tray.take(),
      this.answering,
      store.channelId,
    ];
    this.#clear();
    try {
      const attachments = await Promise.all(files.map(toUpload));
      await api.post(channel, { user: store.user, content, attachments, reply_to: answering?.id });
    } catch (error) {
      this.#say(`Not sent: ${error.message}`);
      if (!field.value) field.value = text;
      this.tray.add(files);
      this.#fit();
    }
  }

  #clear() {
    this.field.value = "";
    this.#typed = 0;
    this.answer(null);
    this.choices.close();
    this.#fit();
  }

  #openForm(command) {
    this.field.value = "";
    this.#fit();
    if (!command.options.length) return void this.run({ name: command.name, bot: command.bot, options: {} });
    const back = () => {
      this.#closeForm();
      this.focus();
    };
    const send = (filled) => {
      back();
      this.run(filled);
    };
    this.form = new CommandForm({ command, store: this.store, send, cancel: back });
    this.line.hidden = true;
    this.place.append(this.form.node);
    this.form.focus();
  }

  #closeForm() {
    this.form?.node.remove();
    this.form = null;
    this.line.hidden = false;
  }

  #tellTyping() {
    const now = Date.now();
    if (now - this.#typed < TYPING_EVERY) return;
    this.#typed = now;
    api.type(this.store.channelId, this.store.user).catch(() => {});
  }

  #say(sentence) {
    this.notice.hidden = !sentence;
    this.notice.textContent = sentence ?? "";
    if (sentence) announce(sentence);
  }

  #fit() {
    this.field.style.height = "auto";
    this.field.style.height = `${Math.min(this.field.scrollHeight, TALLEST)}px`;
  }
}
