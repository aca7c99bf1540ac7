const SHOWN = 10000;

/** Know who is typing where; each call counts for ten seconds, as on Discord. */
export class Typing {
  #timers = new Map();
  #changed;

  constructor(changed) {
    this.#changed = changed;
  }

  /** Return the names of those who type in a channel. */
  names(channelId) {
    return [...this.#timers.keys()]
      .filter((key) => key.startsWith(`${channelId} `))
      .map((key) => key.slice(channelId.length + 1));
  }

  /** Note that someone types. */
  start(channelId, name) {
    const key = `${channelId} ${name}`;
    clearTimeout(this.#timers.get(key));
    this.#timers.set(
      key,
      setTimeout(() => this.stop(channelId, name), SHOWN),
    );
    this.#changed();
  }

  /** Note that someone has stopped, or sent the message. */
  stop(channelId, name) {
    const key = `${channelId} ${name}`;
    clearTimeout(this.#timers.get(key));
    if (this.#timers.delete(key)) this.#changed();
  }

  /** Forget everybody. */
  clear() {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
    this.#changed();
  }
}
