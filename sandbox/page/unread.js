import { younger } from "/page/snowflakes.js";

/** Count what was not looked at in each channel, also what came while there was no connection. */
export class Unread {
  #latest = new Map();
  #counts = new Map();

  /** Return how many messages of a channel are unread, and how many of them name the visitor. */
  of(channelId) {
    return this.#counts.get(channelId) ?? { count: 0, mentions: 0 };
  }

  /** Note a message that came. */
  note(channelId, messageId) {
    this.#latest.set(channelId, messageId);
  }

  /** Count a message. */
  add(channelId, mentioned) {
    const { count, mentions } = this.of(channelId);
    this.#counts.set(channelId, { count: count + 1, mentions: mentions + Number(mentioned) });
  }

  /** Compare with each channel's latest message after a break; all is read at the beginning. */
  resume(latest, here) {
    const began = this.#latest.size > 0;
    for (const [channel, id] of Object.entries(latest)) {
      const missed = began && younger(id, this.#latest.get(channel) ?? "0");
      if (missed && channel !== here) this.add(channel, false);
      this.#latest.set(channel, id);
    }
  }

  /** Take a channel as read; tell whether it was not. */
  see(channelId) {
    return this.#counts.delete(channelId);
  }

  /** Take everything as read. */
  clear() {
    this.#counts.clear();
  }
}
