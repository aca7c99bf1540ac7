import { ApiError, api } from "/page/api.js";
import { chosen, confirmed, filledForm } from "/page/dialogs.js";
import { announce } from "/page/dom.js";
import { toMarkup, toReadable } from "/page/names.js";
import { menuFor } from "/page/slash.js";

const NOTED_AFTER = 400;
const DISCORD_EPOCH = 1420070400000n;

/** Do what the visitor asks for by a message's controls and by slash commands. */
export class Actions {
  #made = 0n;

  constructor(store) {
    this.store = store;
    this.composer = null;
    this.list = null;
  }

  reply = (message) => this.composer.answer(message);
  dismiss = (message) => this.store.dismiss(message);
  readable = (content) => toReadable(content, (id) => this.store.nameOf(id));
  startEdit = (message) => this.list.edit(message.id);

  endEdit = () => {
    this.list.edit(null);
    this.composer.focus();
  };

  saveEdit = async (message, text) => {
    if (!text.trim()) return this.remove(message);
    this.endEdit();
    const content = toMarkup(text.trim(), this.store.everybody);
    if (content !== message.content) await this.#told(() => api.edit(message.channel, message.id, content));
  };

  remove = async (message) => {
    const sure = await confirmed({
      title: "Delete message",
      text: "Are you sure you want to delete this message?",
      action: "Delete",
    });
    if (!sure) return;
    await this.#told(() => api.remove(message.channel, message.id));
    this.composer.focus();
  };

  /** Edit the latest message that the visitor wrote. */
  editLast = () => {
    const own = this.store.messages.filter((each) => each.author.name === this.store.user && !each.local);
    if (own.length) this.startEdit(own.at(-1));
  };

  press = (message, custom_id, values) => {
    const source = message.local ? message : null;
    return this.#interact(
      message.channel,
      null,
      (user) => api.press({ user, message: message.id, custom_id, values }),
      source,
    );
  };

  /** Run a slash command, with a note that the bot is thinking until it answers. */
  run = ({ name, bot, options }) => {
    const channel = this.store.channelId;
    return this.#interact(channel, name, (user) => api.run({ user, channel, name, bot, options }), null);
  };

  /** Offer what the bots do with a message, and run what is chosen. */
  openMenu = async (message) => {
    const found = await menuFor(this.store.user, message.channel);
    const place = await chosen({
      title: "Apps",
      about: `${message.author.name}: ${this.readable(message.content).slice(0, 160) || "an attachment"}`,
      entries: found.map(({ name, bot }) => ({ name, app: this.store.nameOf(bot) })),
      empty: "No bot here does anything with messages.",
    });
    if (place === null) return;
    const { name, bot } = found[place];
    await this.#interact(
      message.channel,
      name,
      (user) => api.run({ user, message: message.id, name, bot }),
      null,
    );
  };

  async #interact(channel, command, call, source) {
    const { user } = this.store;
    const note = command && this.#note(channel, command, user);
    let answer;
    try {
      answer = await call(user);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      answer = { error: error.message };
    }
    if (note) this.#withdraw(note);
    await this.#show(answer, channel, command, user, source);
  }

  async #show(answer, channel, command, user, source) {
    if (answer.error) return this.#fail(channel, command, user, answer.error);
    if (answer.modal) return this.#form(answer.modal, channel);
    for (const each of [answer, ...(answer.followups ?? [])]) {
      if (each.id && each.ephemeral)
        this.#keep(each, channel, source?.id === each.id ? source.interaction?.name : command, user);
    }
    if (source && !answer.id) this.store.dismiss(source);
  }

  async #form(modal, channel) {
    const values = await filledForm(modal, this.store.bot.name);
    if (values)
      await this.#interact(
        channel,
        null,
        (user) => api.submit({ user, custom_id: modal.custom_id, values }),
        null,
      );
  }

  #keep(answer, channel, command, user) {
    const interaction = command ? { name: command, user } : null;
    this.store.addLocal({
      ...answer,
      channel,
      audience: user,
      interaction,
      author: { name: this.store.bot.name, bot: true },
    });
    announce(`${this.store.bot.name} answers only you: ${answer.content}`);
  }

  #note(channel, command, user) {
    const note = {
      id: this.#id(),
      channel,
      audience: user,
      interaction: { name: command, user },
      content: "",
      author: { name: this.store.bot.name, bot: true },
    };
    return { note, timer: setTimeout(() => this.store.addLocal(note), NOTED_AFTER) };
  }

  #withdraw({ note, timer }) {
    clearTimeout(timer);
    this.store.dismiss(note);
  }

  #fail(channel, command, user, sentence) {
    const interaction = command ? { name: command, user } : null;
    this.store.addLocal({
      id: this.#id(),
      channel,
      audience: user,
      interaction,
      content: sentence,
      failed: true,
      author: { name: this.store.bot.name, bot: true },
    });
    announce(sentence);
  }

  async #told(work) {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.#fail(this.store.channelId, null, this.store.user, error.message);
    }
  }

  /** Make an id for what only this page knows, in time with the sandbox's own. */
  #id() {
    const now = (BigInt(Date.now()) - DISCORD_EPOCH) << 22n;
    this.#made = now > this.#made ? now : this.#made + 1n;
    return String(this.#made);
  }
}
