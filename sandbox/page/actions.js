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
    return this.#interact({
      channel: message.channel,
      app: message.author.name,
      call: (user) => api.press({ user, message: message.id, custom_id, values }),
      source,
    });
  };

  /** Run a slash command, with a note that the bot is thinking until it answers. */
  run = ({ name, bot, options }) => {
    const channel = this.store.channelId;
    return this.#interact({
      channel,
      app: this.#appOf(bot),
      command: name,
      call: (user) => api.run({ user, channel, name, bot, options }),
    });
  };

  /** Offer what the bots do with a message, and run what is chosen. */
  openMenu = async ({ id, channel }) => {
    const message = this.store.log(channel).get(id);
    const found = await menuFor(this.store.user, message.channel);
    const place = await chosen({
      title: "Apps",
      about: `${message.author.name}: ${this.readable(message.content).slice(0, 160) || "an attachment"}`,
      entries: found.map(({ name, bot }) => ({ name, app: this.store.nameOf(bot) })),
      empty: "No bot here does anything with messages.",
    });
    if (place === null) return;
    const { name, bot } = found[place];
    await this.#interact({
      channel,
      app: this.#appOf(bot),
      command: name,
      call: (user) => api.run({ user, message: id, name, bot }),
    });
  };

  /**
   * Make a call to the bot named `app` and show what comes of it. `command` is what was run, null
   * for a button or a form; `source` is the pressed button's message, if only this page knows it.
   */
  async #interact({ channel, app, command = null, call, source = null }) {
    const deed = { channel, app, command, user: this.store.user };
    const note = command && this.#note(deed);
    let answer;
    try {
      answer = await call(deed.user);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      answer = { error: error.message };
    }
    if (note) this.#withdraw(note);
    await this.#show(answer, deed, source);
  }

  async #show(answer, deed, source) {
    if (answer.error) return this.#fail(deed, answer.error);
    if (answer.modal) return this.#form(answer.modal, deed);
    for (const each of [answer, ...(answer.followups ?? [])]) {
      const command = source?.id === each.id ? source.interaction?.name : deed.command;
      if (each.id && each.ephemeral) this.#keep(each, { ...deed, command });
    }
    if (source && !answer.id) this.store.dismiss(source);
  }

  async #form(modal, { channel, app }) {
    const values = await filledForm(modal, app);
    if (!values) return;
    const call = (user) => api.submit({ user, custom_id: modal.custom_id, values });
    await this.#interact({ channel, app, call });
  }

  #keep(answer, deed) {
    this.store.addLocal({ ...answer, ...this.#about(deed) });
    announce(`${deed.app} answers only you: ${answer.content}`);
  }

  #note(deed) {
    const note = { id: this.#id(), content: "", ...this.#about(deed) };
    return { note, timer: setTimeout(() => this.store.addLocal(note), NOTED_AFTER) };
  }

  /** Say what one person alone sees, of which bot, and where. */
  #about({ channel, app, command, user }) {
    const interaction = command ? { name: command, user } : null;
    return { channel, audience: user, interaction, author: { name: app, bot: true } };
  }

  #appOf(bot) {
    return this.store.nameOf(bot) ?? this.store.bot.name;
  }

  #withdraw({ note, timer }) {
    clearTimeout(timer);
    this.store.dismiss(note);
  }

  #fail(deed, sentence) {
    this.store.addLocal({ id: this.#id(), content: sentence, failed: true, ...this.#about(deed) });
    announce(sentence);
  }

  async #told(work) {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      const { channelId: channel, user, bot } = this.store;
      this.#fail({ channel, user, app: bot.name, command: null }, error.message);
    }
  }

  /** Make an id for what only this page knows, in time with the sandbox's own. */
  #id() {
    const now = (BigInt(Date.now()) - DISCORD_EPOCH) << 22n;
    this.#made = now > this.#made ? now : this.#made + 1n;
    return String(this.#made);
  }
}
