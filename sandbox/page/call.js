import { ApiError, api } from "/page/api.js";
import { announce, el, fill } from "/page/dom.js";
import { icon } from "/page/icons.js";
import { Microphone } from "/page/microphone.js";
import { Player } from "/page/player.js";

const TALK_KEY = "Backquote";

/** Bring the visitor into a voice channel: hear what is said there, and talk while a key is held. */
export class Call extends EventTarget {
  channelId = null;
  listening = false;
  #talking = false;
  #sentence = "";

  constructor(store) {
    super();
    this.store = store;
    this.place = document.getElementById("call");
    this.player = new Player({ ended: () => this.#stop() });
    this.microphone = new Microphone();
    this.#build();
    this.#holds();
    store.addEventListener("voice", () => this.#follow());
    store.addEventListener("place", () => this.#follow());
  }

  /** Enter a voice channel, and listen. */
  async join(channelId) {
    await this.#try(async () => {
      this.player.wake();
      if (this.channelId && this.channelId !== channelId) await api.leave(this.channelId, this.store.user);
      await api.join(channelId, this.store.user);
      await this.listen(channelId);
    });
  }

  /** Listen to a channel that the visitor is in already. */
  async listen(channelId) {
    if (this.channelId === channelId && !this.listening) return; // it is being connected
    this.player.wake();
    this.player.stop();
    this.listening = false;
    this.channelId = channelId;
    this.user = this.store.user;
    this.draw();
    await this.#try(async () => {
      await this.player.play(channelId, this.user);
      this.listening = true;
    });
    // The sound may not be had, and one may have become somebody else meanwhile.
    if (this.listening && this.user === this.store.user) this.#changed();
    else this.#end();
  }

  /** Leave a voice channel. */
  async leave(channelId) {
    await this.#try(() => api.leave(channelId, this.store.user));
    this.#end();
  }

  /** Draw the panel at the left bottom; its parts stay, so that a held button stays held. */
  draw() {
    const channel = this.store.channelById(this.channelId);
    this.place.hidden = !channel && !this.#sentence;
    for (const part of [this.line, this.meter, this.button]) part.hidden = !channel;
    this.note.hidden = !this.#sentence;
    this.note.textContent = this.#sentence;
    this.state.textContent = this.listening ? "Voice connected" : "Connecting…";
    this.button.disabled = !this.listening;
    this.where.textContent = channel ? `${channel.name} / ${this.store.guildOf(channel.id)?.name}` : "";
  }

  #build() {
    this.state = el("b", { class: "connected" });
    this.where = el("small");
    const leave = el(
      "button",
      {
        class: "plain",
        "aria-label": "Leave the voice channel",
        title: "Leave",
        onclick: () => this.leave(this.channelId),
      },
      icon("leave"),
    );
    this.line = el(
      "div",
      { class: "call-line" },
      el("div", {}, this.state, this.where),
      leave,
    );
    this.meter = el("meter", {
      min: "0",
      max: "1",
      class: "loudness",
      "aria-label": "Loudness of what you hear",
    });
    this.button = el(
      "button",
      {
        class: "button primary wide talk",
        "aria-pressed": "false",
        title: "Hold this button, or outside of the message box the key left of 1",
      },
      icon("mic"),
      el("span", {}, "Hold to talk"),
    );
    this.note = el("p", { class: "call-note", role: "status" });
    fill(this.place, this.line, this.meter, this.button, this.note);
    this.player.watch((level) => {
      this.meter.value = level;
      this.meter.title = `${this.player.gaps} gaps`;
    });
    this.draw();
  }

  #holds() {
    const { button } = this;
    button.addEventListener("pointerdown", (event) => {
      button.setPointerCapture(event.pointerId);
      this.#talk();
    });
    for (const end of ["pointerup", "pointercancel"]) button.addEventListener(end, () => this.#hush());
    button.addEventListener("keydown", (event) => {
      if ([" ", "Enter"].includes(event.key)) {
        event.preventDefault();
        this.#talk();
      }
    });
    button.addEventListener("keyup", (event) => [" ", "Enter"].includes(event.key) && this.#hush());
    button.addEventListener("blur", () => this.#hush());
    document.addEventListener("keydown", (event) => {
      if (event.code !== TALK_KEY || event.repeat || event.target.matches("input, textarea, select")) return;
      event.preventDefault();
      this.#talk();
    });
    document.addEventListener("keyup", (event) => event.code === TALK_KEY && this.#hush());
    window.addEventListener("blur", () => this.#hush());
  }

  async #talk() {
    if (!this.listening || this.#talking) return;
    this.#talking = true;
    this.button.setAttribute("aria-pressed", "true");
    await this.#try(async () => {
      await this.microphone.open();
      if (this.#talking) this.button.dataset.recording = "yes";
    });
  }

  async #hush() {
    if (!this.#talking) return;
    this.#talking = false;
    this.button.setAttribute("aria-pressed", "false");
    delete this.button.dataset.recording;
    const [channel, user] = [this.channelId, this.store.user];
    const wav = await this.microphone.close();
    if (wav && channel) await this.#try(() => api.say(channel, user, wav));
  }

  /** Stop listening when the visitor is not there any more, or has become somebody else. */
  #follow() {
    if (!this.channelId) return;
    const here = this.store.voice.members(this.channelId).includes(this.store.user);
    if (this.listening && (this.user !== this.store.user || !here)) this.#end();
    else this.draw();
  }

  #end() {
    this.player.stop();
    this.#stop();
  }

  #stop() {
    this.#hush();
    this.listening = false;
    this.channelId = null;
    this.meter.value = 0;
    this.#changed();
  }

  async #try(work) {
    this.#sentence = "";
    try {
      await work();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.#sentence = error.message;
      announce(error.message);
    }
    this.draw();
  }

  #changed() {
    this.draw();
    this.dispatchEvent(new Event("changed"));
  }
}
