/** Tell whether one can speak in a channel. */
export function isVocal(channel) {
  return channel.type === "voice" || channel.type === "stage";
}

/** Name the icon of a channel in which one can speak. */
export function iconOf(channel) {
  return channel.type === "stage" ? "stage" : "volume";
}

/** Know who is in which voice channel, and who of them is to be heard, by name. */
export class VoiceRooms {
  #rooms = new Map();
  #speaking = new Set();

  /** Return the names of those in a channel, in the order they came. */
  members(channelId) {
    return [...(this.#rooms.get(channelId) ?? [])];
  }

  /** Return the channel someone is in, of several. */
  channelOf(name, channelIds) {
    return channelIds.find((id) => this.#rooms.get(id)?.has(name)) ?? null;
  }

  /** Tell whether someone is heard in a channel right now. */
  speaks(channelId, name) {
    return this.#speaking.has(`${channelId} ${name}`);
  }

  /** Take the whole state as the control API tells it. */
  replace(rooms, nameOf) {
    this.#rooms = new Map(Object.entries(rooms).map(([id, names]) => [id, new Set(names.map(nameOf))]));
  }

  /** Move someone into a channel (null: out) of a server with these channels. */
  move(name, channelIds, channelId) {
    for (const id of channelIds) {
      if (id !== channelId) this.#rooms.get(id)?.delete(name);
      if (id !== channelId) this.#speaking.delete(`${id} ${name}`);
    }
    if (!channelId) return;
    if (!this.#rooms.has(channelId)) this.#rooms.set(channelId, new Set());
    this.#rooms.get(channelId).add(name);
  }

  /** Take an event of the voice service; a bot that stops does not say so, its sound ends. */
  take(event, name) {
    const key = `${event.channel_id} ${name}`;
    if (event.kind === "voice_first_frame") this.#speaking.add(key);
    else if (event.kind === "voice_last_frame" || event.kind === "voice_leave") this.#speaking.delete(key);
    else if (event.kind === "voice_speaking" && !event.speaking) this.#speaking.delete(key);
    else if (event.kind === "voice_speaking" && name) this.#speaking.add(key);
  }

  /** Take nobody for speaking: what ended it may have been missed. */
  silence() {
    this.#speaking.clear();
  }

  /** Forget everybody. */
  clear() {
    this.#rooms.clear();
    this.#speaking.clear();
  }
}
