import { api } from "/page/api.js";
import { byAge } from "/page/snowflakes.js";

const LONGEST = 1000;

/**
 * Hold one channel's messages. While the list is being read, events wait and are applied to it
 * afterwards, so that whatever arrives first, the latest state stands, once.
 */
export class MessageLog {
  #messages = new Map();
  #waiting = null;
  #reading = 0;
  loaded = false;

  constructor(channel) {
    this.channel = channel;
  }

  /** Return the messages that exist, oldest first. */
  list() {
    return [...this.#messages.values()].filter((each) => !each.deleted).sort((a, b) => byAge(a.id, b.id));
  }

  /** Return a message, perhaps a deleted one. */
  get(id) {
    return this.#messages.get(id);
  }

  /** Read the whole list anew; throws ApiError and keeps what there is when that fails. */
  async read() {
    const turn = ++this.#reading;
    this.#waiting ??= [];
    try {
      const { messages } = await api.messages(this.channel);
      if (turn !== this.#reading) return;
      const local = [...this.#messages.values()].filter((each) => each.local);
      this.#messages = new Map([...messages, ...local].map((each) => [each.id, each]));
      this.loaded = true;
    } finally {
      if (turn === this.#reading) this.#release();
    }
  }

  /** Take a message as an event tells of it. */
  put(message) {
    if (this.#waiting) this.#waiting.push(() => this.#put(message));
    else this.#put(message);
  }

  /** Mark a message as deleted. */
  remove(id) {
    if (this.#waiting) this.#waiting.push(() => this.#remove(id));
    else this.#remove(id);
  }

  /** Forget everything; a list that is being read is not taken. */
  clear() {
    this.#reading += 1;
    this.#waiting = null;
    this.#messages.clear();
    this.loaded = false;
  }

  #put(message) {
    const known = this.#messages.get(message.id);
    if (known && (known.deleted || known.edits?.length > message.edits?.length)) return;
    this.#messages.set(message.id, message);
    if (this.#messages.size > LONGEST) this.#messages.delete(this.#messages.keys().next().value);
  }

  #remove(id) {
    const known = this.#messages.get(id);
    if (known) this.#messages.set(id, { ...known, deleted: true });
  }

  #release() {
    const waiting = this.#waiting ?? [];
    this.#waiting = null;
    for (const apply of waiting) apply();
  }
}
