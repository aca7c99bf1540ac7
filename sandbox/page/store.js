import { ApiError, api } from "/page/api.js";
import { MessageLog } from "/page/message_log.js";
import { Typing } from "/page/typing.js";
import { Unread } from "/page/unread.js";
import { VoiceRooms } from "/page/voice_rooms.js";

const USER = "sandbox.user";

/**
 * Hold what the page knows of the world and where in it the visitor is. It tells of changes with
 * the events place, world, messages, typing, voice, unread and connection.
 */
export class Store extends EventTarget {
  bot = { id: "0", name: "", online: false };
  guest = { id: "0", name: "", online: false };
  users = [];
  guilds = [];
  direct = new Map();
  user = localStorage.getItem(USER) || "ana";
  guildId = null;
  channelId = null;
  connected = null;
  turns = new Map();
  #logs = new Map();
  #reading = 0;
  #unread = new Unread();
  typing = new Typing(() => this.#tell("typing"));
  voice = new VoiceRooms();

  /** Return the server that is looked at; null among the direct messages. */
  get guild() {
    return this.guilds.find((guild) => guild.id === this.guildId) ?? null;
  }

  /** Return the channel that is looked at. */
  get channel() {
    return this.channelById(this.channelId);
  }

  /** Return the messages of the channel that is looked at. */
  get messages() {
    const seen = (each) => !each.audience || each.audience === this.user;
    return this.log(this.channelId).list().filter(seen);
  }

  /** Find a channel anywhere. */
  channelById(id) {
    const channels = [...this.guilds.flatMap((guild) => guild.channels), ...this.direct.values()];
    return channels.find((channel) => channel.id === id) ?? null;
  }

  /** Find the server of a channel. */
  guildOf(channelId) {
    return this.guilds.find((guild) => guild.channels.some((each) => each.id === channelId)) ?? null;
  }

  /** Return everybody: the bot, a guest that is online, then the people. */
  get everybody() {
    const bots = [this.bot, this.guest].filter((each) => each === this.bot || each.online);
    return [...bots.map((each) => ({ ...each, bot: true })), ...this.users];
  }

  /** Return the name of an account, null for an unknown one. */
  nameOf(id) {
    return [this.bot, this.guest, ...this.users].find((each) => each.id === id)?.name ?? null;
  }

  /** Tell whether a name is a bot's. */
  isBot(name) {
    return name === this.bot.name || name === this.guest.name;
  }

  /** Return the messages kept of a channel. */
  log(channelId) {
    if (!this.#logs.has(channelId)) this.#logs.set(channelId, new MessageLog(channelId));
    return this.#logs.get(channelId);
  }

  /** Return how many messages of a channel were not looked at, and whether one names the user. */
  unread(channelId) {
    return this.#unread.of(channelId);
  }

  /** Become someone else. */
  async become(user) {
    this.user = user;
    localStorage.setItem(USER, user);
    this.#unread.clear();
    if (this.channel?.type === "dm") await this.openDirect();
    this.#tell("place", "messages", "unread", "voice");
  }

  /** Look at a channel. */
  async open(channelId) {
    this.channelId = channelId;
    this.guildId = this.guildOf(channelId)?.id ?? null;
    this.#unread.see(channelId);
    this.#tell("place", "messages", "unread", "typing");
    if (!this.log(channelId).loaded) await this.#load(channelId);
  }

  /** Look at the first channel of a server. */
  async openServer(guildId) {
    const first = this.guilds.find((guild) => guild.id === guildId)?.channels[0];
    if (first) await this.open(first.id);
  }

  /** Look at the direct messages between the user and the bot. */
  async openDirect() {
    const channel = await api.openDirect(this.user);
    this.direct.set(channel.id, channel);
    await this.open(channel.id);
  }

  /** Keep a message that only this page knows: an answer for one person. */
  addLocal(message) {
    this.log(message.channel).put({ ...message, local: true });
    this.#tell("messages");
  }

  /** Take a message off this page. */
  dismiss(message) {
    this.log(message.channel).remove(message.id);
    this.#tell("messages");
  }

  /** Take one event of the world. */
  take(event) {
    if (event.kind === "hello") this.#resume(event);
    else if (event.kind === "lost") this.#resynchronise();
    else if (event.kind === "turns") this.#keepTurns(event.turns);
    else if (event.kind === "reset") this.#forget();
    else if (event.message) this.#takeMessage(event);
    else if (event.kind.startsWith("message_delete")) this.#takeDelete(event.data);
    else if (event.kind.startsWith("message_reaction")) this.#load(event.data.channel_id);
    else if (event.kind === "typing_start") this.#takeTyping(event.data);
    else if (event.kind.startsWith("voice_")) this.#takeVoice(event);
    else if (/^(guild|channel|thread|user|presence|bot|guest)_?/.test(event.kind)) this.#loadWorld();
  }

  /** Note whether events arrive. */
  setConnected(connected) {
    this.connected = connected;
    if (!connected) this.typing.clear();
    this.#tell("connection");
  }

  #tell(...topics) {
    for (const topic of topics) this.dispatchEvent(new Event(topic));
  }

  async #resume({ latest, turns }) {
    for (const id of this.direct.keys()) if (!(id in latest)) this.direct.delete(id);
    this.turns.clear();
    this.#keepTurns(turns);
    this.#unread.resume(latest, this.channelId);
    this.#tell("unread");
    await this.#resynchronise();
  }

  async #resynchronise() {
    this.voice.silence();
    await this.#loadWorld();
    for (const id of this.#logs.keys()) this.#load(id);
  }

  async #loadWorld() {
    const turn = ++this.#reading;
    const state = await this.#try(() => api.state());
    if (!state || turn !== this.#reading) return;
    const { bot, users, guilds, connect } = state;
    Object.assign(this, { bot, users, guilds, guest: connect.guest });
    this.voice.replace(state.voice, (name) => (name === "bot" ? this.bot.name : name));
    if (!this.users.some((user) => user.name === this.user)) this.user = this.users[0]?.name ?? "";
    this.#tell("world", "voice");
    for (const id of this.#logs.keys()) if (!this.channelById(id)) this.#logs.delete(id);
    const first = this.guilds.flatMap((guild) => guild.channels)[0];
    if (!this.channel && first) await this.open(first.id);
    else this.#tell("place");
  }

  async #load(channelId) {
    const log = this.log(channelId);
    if (channelId !== this.channelId && !log.loaded) return;
    await this.#try(() => log.read());
    this.#tell("messages");
  }

  async #try(work) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      return null;
    }
  }

  #keepTurns(turns) {
    for (const turn of turns) for (const reply of turn.replies) this.turns.set(reply, turn);
    this.#tell("messages");
  }

  #forget() {
    for (const log of this.#logs.values()) log.clear();
    this.turns.clear();
    this.#unread.clear();
    this.voice.clear();
    this.typing.clear();
    this.direct.clear();
    this.#tell("messages", "unread", "voice");
    this.#resynchronise();
  }

  #takeMessage({ kind, message }) {
    this.log(message.channel).put(message);
    if (kind === "message_create") {
      this.typing.stop(message.channel, message.author.name);
      this.#unread.note(message.channel, message.id);
      const own = message.author.name === this.user;
      const looking = message.channel === this.channelId && document.visibilityState === "visible";
      if (!own && !looking && this.#concerns(message.channel)) {
        this.#unread.add(message.channel, message.mentions.includes(this.user));
        this.#tell("unread");
      }
    }
    if (message.channel === this.channelId) this.#tell("messages");
  }

  #concerns(channelId) {
    return this.guildOf(channelId) !== null || this.direct.get(channelId)?.name === this.user;
  }

  /** Note that the visitor sees the channel that is looked at again. */
  seen() {
    if (this.#unread.see(this.channelId)) this.#tell("unread");
  }

  #takeDelete({ channel_id: channel, id, ids = [id] }) {
    for (const each of ids) this.log(channel).remove(each);
    if (channel === this.channelId) this.#tell("messages");
  }

  #takeTyping({ channel_id: channel, user_id: user }) {
    const name = this.nameOf(user);
    if (name && name !== this.user) this.typing.start(channel, name);
  }

  #takeVoice(event) {
    const user = event.data?.user_id ?? event.user_id;
    const name = this.nameOf(user);
    if (user && name === null) return void this.#loadWorld();
    if (event.kind === "voice_state_update") {
      const guild = this.guilds.find((each) => each.id === event.data.guild_id);
      const others = guild?.channels.map((channel) => channel.id) ?? [];
      this.voice.move(name, others, event.data.channel_id);
    } else this.voice.take(event, name);
    this.#tell("voice");
  }
}
