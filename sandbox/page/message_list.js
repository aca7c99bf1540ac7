import { el, fill, patch } from "/page/dom.js";
import { messageRow } from "/page/message_row.js";
import { timeOf } from "/page/snowflakes.js";

const TOGETHER = 7 * 60 * 1000;
const MOST = 300;
const NEAR_END = 120;

/** Show the messages of the channel that is looked at, and keep the eye where it was. */
export class MessageList {
  #rows = new Map();
  #folded = new Map();
  #shownChannel = null;
  #follows = true;

  constructor({ store, list, acts }) {
    this.store = store;
    this.list = list;
    this.editing = null;
    this.acts = {
      ...acts,
      jump: (id) => this.jump(id),
      foldTurn: (turn, open) => this.#folded.set(turn, open),
    };
    list.addEventListener("keydown", (event) => this.#move(event));
    list.addEventListener(
      "scroll",
      () => (this.#follows = list.scrollHeight - list.scrollTop - list.clientHeight < NEAR_END),
    );
    new ResizeObserver(() => this.#follow()).observe(list);
    list.addEventListener("focusin", (event) => this.#point(event.target.closest("li.message")));
    for (const topic of ["messages", "place", "world"]) store.addEventListener(topic, () => this.draw());
  }

  /** Draw what has changed. */
  draw() {
    const { list, store } = this;
    const elsewhere = this.#shownChannel !== store.channelId;
    this.#follows ||= elsewhere;
    if (elsewhere) {
      this.#rows.clear();
      fill(list);
    }
    this.#shownChannel = store.channelId;
    const read = this.#follows ? null : this.#firstSeen();
    const before = read?.offsetTop;
    this.#place(store.channelId ? store.messages.slice(-MOST) : []);
    if (read?.isConnected) list.scrollTop += read.offsetTop - before;
    this.#follow();
  }

  /** Return the first row that is in sight. */
  #firstSeen() {
    const { list } = this;
    const top = list.offsetTop + list.scrollTop;
    return [...list.children].find((row) => row.offsetTop + row.offsetHeight > top) ?? null;
  }

  /** Stay at the end where one was at the end, whatever grew. */
  #follow() {
    if (this.#follows) this.list.scrollTop = this.list.scrollHeight;
  }

  /** Show a message, and put the focus on it. */
  jump(id) {
    const row = this.#rows.get(id)?.row;
    row?.scrollIntoView({ block: "center" });
    row?.focus({ preventScroll: true });
  }

  /** Begin to edit a message; null ends it. */
  edit(id) {
    this.editing = id;
    this.draw();
    const field = this.list.querySelector(".editor textarea");
    field?.focus();
    field?.setSelectionRange(field.value.length, field.value.length);
  }

  #place(messages) {
    const { list } = this;
    if (!this.welcome) this.welcome = el("li", { class: "welcome" });
    this.#welcome();
    const wanted = [this.welcome];
    messages.forEach((message, index) => wanted.push(this.#row(message, messages[index - 1])));
    const ids = new Set(messages.map((each) => each.id));
    for (const id of this.#rows.keys()) if (!ids.has(id)) this.#rows.delete(id);
    const stay = new Set(wanted);
    for (const row of [...list.children]) if (!stay.has(row)) row.remove();
    wanted.forEach((row, index) => {
      if (list.children[index] !== row) list.insertBefore(row, list.children[index] ?? null);
    });
    if (!list.querySelector('li[tabindex="0"]'))
      list.querySelector("li.message:last-child")?.setAttribute("tabindex", "0");
  }

  #row(message, before) {
    const view = this.#view(message, before);
    const signature = JSON.stringify([message, view, view.context.names]);
    const known = this.#rows.get(message.id);
    if (known && (known.signature === signature || (view.editing && known.editing))) return known.row;
    let row = messageRow(message, view, this.acts);
    if (known) {
      row.tabIndex = known.row.tabIndex;
      patch(known.row, row);
      row = known.row;
    }
    this.#rows.set(message.id, { row, signature, editing: view.editing });
    return row;
  }

  #view(message, before) {
    const { store } = this;
    const turn = store.turns.get(message.id);
    return {
      me: store.user,
      compact: follows(message, before),
      editing: this.editing === message.id,
      answered: message.reply_to ? (store.log(message.channel).get(message.reply_to) ?? null) : null,
      turn: turn && turn.replies.at(-1) === message.id ? turn : null,
      turnOpen: turn ? (this.#folded.get(turn.turn) ?? true) : false,
      context: {
        me: store.user,
        names: store.everybody.length,
        user: (id) => store.nameOf(id),
        channel: (id) => store.channelById(id)?.name ?? null,
      },
    };
  }

  #welcome() {
    const { channel, bot, user } = this.store;
    if (!channel) return;
    const direct = channel.type === "dm";
    fill(
      this.welcome,
      el("h3", {}, direct ? `Your direct messages with ${bot.name}` : `Welcome to #${channel.name}!`),
      el(
        "p",
        {},
        `You write as ${user}. ${direct ? "Write something" : `Mention @${bot.name} to talk to it`}, or type / to see its commands.`,
      ),
    );
  }

  #move(event) {
    if (!["ArrowUp", "ArrowDown", "Home", "End"].includes(event.key) || !event.target.matches("li.message"))
      return;
    const rows = [...this.list.querySelectorAll("li.message")];
    const at = rows.indexOf(event.target);
    const next = { ArrowUp: at - 1, ArrowDown: at + 1, Home: 0, End: rows.length - 1 }[event.key];
    rows[Math.max(0, Math.min(next, rows.length - 1))].focus();
    event.preventDefault();
  }

  #point(row) {
    if (!row || row.tabIndex === 0) return;
    for (const each of this.list.querySelectorAll('li[tabindex="0"]')) each.tabIndex = -1;
    row.tabIndex = 0;
  }
}

function follows(message, before) {
  if (!before || message.reply_to || message.interaction || before.author.name !== message.author.name)
    return false;
  return (
    Boolean(before.local) === Boolean(message.local) && timeOf(message.id) - timeOf(before.id) < TOGETHER
  );
}
