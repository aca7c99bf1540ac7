import { avatar } from "/page/avatar.js";
import { el, refill } from "/page/dom.js";
import { icon } from "/page/icons.js";
import { iconOf, isVocal } from "/page/voice_rooms.js";

/** Show the servers and channels on the left, what is unread, and who the visitor is. */
export class Sidebar {
  constructor({ store, call }) {
    Object.assign(this, { store, call });
    [this.servers, this.name, this.channels, this.account] = [
      "servers",
      "server-name",
      "channels",
      "account",
    ].map((id) => document.getElementById(id));
    for (const topic of ["world", "place", "unread", "voice"])
      store.addEventListener(topic, () => this.draw());
    this.channels.addEventListener("keydown", (event) => this.#move(event));
    this.servers.addEventListener("keydown", (event) => this.#move(event));
  }

  /** Draw everything on the left. */
  draw() {
    const { store } = this;
    refill(
      this.servers,
      this.#directButton(),
      el("hr"),
      store.guilds.map((guild) => this.#serverButton(guild)),
    );
    this.name.textContent = store.guild?.name ?? "Direct Messages";
    refill(this.channels, store.guild ? this.#serverChannels(store.guild) : this.#directChannel());
    this.#drawAccount();
  }

  #serverButton(guild) {
    const unread = guild.channels.map((each) => this.store.unread(each.id));
    const [count, mentions] = ["count", "mentions"].map((what) =>
      unread.reduce((sum, each) => sum + each[what], 0),
    );
    const here = guild.id === this.store.guildId;
    return el(
      "button",
      {
        class: `server${here ? " here" : ""}${count ? " unread" : ""}`,
        title: guild.name,
        "data-key": `server ${guild.id}`,
        "aria-label": described(guild.name, count, mentions),
        "aria-current": here ? "true" : null,
        onclick: () => this.store.openServer(guild.id),
      },
      el("span", { "aria-hidden": "true" }, initials(guild.name)),
      mentions > 0 && el("span", { class: "count", "aria-hidden": "true" }, String(mentions)),
    );
  }

  #directButton() {
    const here = this.store.channel?.type === "dm";
    const { count } = this.store.unread(
      [...this.store.direct.values()].find((each) => each.name === this.store.user)?.id,
    );
    return el(
      "button",
      {
        class: `server direct${here ? " here" : ""}${count ? " unread" : ""}`,
        title: "Direct Messages",
        "data-key": "direct",
        "aria-label": described("Direct Messages", count, 0),
        "aria-current": here ? "true" : null,
        onclick: () => this.store.openDirect(),
      },
      icon("chat"),
      count > 0 && el("span", { class: "count", "aria-hidden": "true" }, String(count)),
    );
  }

  #serverChannels(guild) {
    const of = (type) => guild.channels.filter((channel) => channel.type === type);
    return [
      el("h2", {}, "Text channels"),
      el(
        "ul",
        {},
        of("text").map((channel) => this.#textChannel(channel, of("thread"))),
      ),
      el("h2", {}, "Voice channels"),
      el(
        "ul",
        {},
        guild.channels.filter(isVocal).map((channel) => this.#voiceChannel(channel)),
      ),
    ];
  }

  #textChannel(channel, threads) {
    const own = threads.filter((thread) => thread.parent === channel.id);
    return el(
      "li",
      {},
      this.#channelButton(channel, "hash"),
      own.length > 0 &&
        el(
          "ul",
          { class: "threads" },
          own.map((thread) => el("li", {}, this.#channelButton(thread, "reply"))),
        ),
    );
  }

  #directChannel() {
    return el(
      "ul",
      {},
      this.store.channel
        ? el("li", {}, this.#channelButton({ ...this.store.channel, name: this.store.bot.name }, "at"))
        : [],
    );
  }

  #channelButton(channel, drawn) {
    const { count, mentions } = this.store.unread(channel.id);
    const here = channel.id === this.store.channelId;
    return el(
      "button",
      {
        class: `channel${here ? " here" : ""}${count ? " unread" : ""}`,
        "data-key": `channel ${channel.id}`,
        "aria-current": here ? "page" : null,
        "aria-label": described(channel.name, count, mentions),
        onclick: () => this.store.open(channel.id),
      },
      icon(drawn),
      el("span", { class: "label" }, channel.name),
      mentions > 0 && el("span", { class: "count", "aria-hidden": "true" }, String(mentions)),
    );
  }

  #voiceChannel(channel) {
    const { store } = this;
    const members = store.voice.members(channel.id);
    const inside = members.includes(store.user);
    const button = this.#channelButton(channel, iconOf(channel));
    const toggle = el(
      "button",
      {
        class: "plain join",
        "data-key": `${inside ? "leave" : "join"} ${channel.id}`,
        onclick: () => (inside ? this.call.leave(channel.id) : this.call.join(channel.id)),
        "aria-label": inside ? `Leave ${channel.name}` : `Join ${channel.name}`,
      },
      inside ? "Leave" : "Join",
    );
    const people = members.map((name) =>
      el(
        "li",
        { class: store.voice.speaks(channel.id, name) ? "speaking" : "" },
        avatar(name, { bot: store.isBot(name), small: true }),
        name,
      ),
    );
    return el(
      "li",
      {},
      el("div", { class: "voice-line" }, button, toggle),
      people.length > 0 && el("ul", { class: "voice-people", "aria-label": `In ${channel.name}` }, people),
    );
  }

  #drawAccount() {
    const { store } = this;
    const key = `${store.user} ${store.users.map((each) => each.name)}`;
    if (this.drawn === key) return;
    this.drawn = key;
    const menu = el(
      "select",
      {
        "aria-label": "Act as",
        title: "Act as somebody else",
        "data-key": "user",
        onchange: () => store.become(menu.value),
      },
      store.users.map(({ name }) => el("option", { value: name, selected: name === store.user }, name)),
    );
    refill(this.account, avatar(store.user), el("div", {}, el("small", {}, "You are"), menu));
  }

  #move(event) {
    const steps = { ArrowDown: 1, ArrowUp: -1 };
    if (!(event.key in steps)) return;
    const buttons = [...event.currentTarget.querySelectorAll("button")];
    const next = buttons[buttons.indexOf(event.target) + steps[event.key]];
    next?.focus();
    event.preventDefault();
  }
}

function initials(name) {
  return name
    .split(/\s+/)
    .map((word) => [...word][0])
    .join("")
    .slice(0, 3)
    .toUpperCase();
}

function described(name, count, mentions) {
  const parts = [
    name,
    count && `${count} unread`,
    mentions && `${mentions} ${mentions === 1 ? "mention" : "mentions"}`,
  ];
  return parts.filter(Boolean).join(", ");
}
