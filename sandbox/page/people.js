import { avatar } from "/page/avatar.js";
import { el, refill } from "/page/dom.js";
import { icon } from "/page/icons.js";
import { iconOf, isVocal } from "/page/voice_rooms.js";

/** Show the voice channels of a server with those inside, and the members, on the right. */
export class People {
  constructor({ store, call }) {
    Object.assign(this, { store, call });
    this.place = document.getElementById("people");
    for (const topic of ["world", "place", "voice"]) store.addEventListener(topic, () => this.draw());
    call.addEventListener("changed", () => this.draw());
  }

  /** Draw everything on the right. */
  draw() {
    const { store } = this;
    const rooms = store.guild?.channels.filter((channel) => isVocal(channel)) ?? [];
    refill(
      this.place,
      rooms.map((room) => this.#room(room)),
      el("h2", {}, `Members — ${store.everybody.length}`),
      el(
        "ul",
        { class: "members" },
        store.everybody.map((each) => this.#member(each)),
      ),
    );
  }

  #room(room) {
    const { store, call } = this;
    const names = store.voice.members(room.id);
    const inside = names.includes(store.user);
    return el(
      "section",
      { class: `room${inside ? " inside" : ""}`, "aria-label": `Voice channel ${room.name}` },
      el("h2", {}, icon(iconOf(room)), room.name),
      names.length
        ? el(
            "ul",
            { class: "tiles" },
            names.map((name) => this.#tile(room, name)),
          )
        : el("p", { class: "nobody" }, "Nobody is here yet."),
      inside
        ? this.#controls(room)
        : el(
            "button",
            {
              class: "button success wide",
              "data-key": `enter ${room.id}`,
              onclick: () => call.join(room.id),
            },
            room.type === "stage" ? "Join stage" : "Join voice",
          ),
    );
  }

  #tile(room, name) {
    const speaks = this.store.voice.speaks(room.id, name);
    return el(
      "li",
      { class: `tile${speaks ? " speaking" : ""}` },
      avatar(name, { bot: this.store.isBot(name) }),
      el("span", {}, name),
      speaks && el("span", { class: "hidden-text" }, "is speaking"),
    );
  }

  #controls(room) {
    const { call } = this;
    const listening = call.channelId === room.id && call.listening;
    return el(
      "div",
      { class: "room-controls" },
      !listening &&
        el(
          "button",
          {
            class: "button success wide",
            "data-key": `listen ${room.id}`,
            onclick: () => call.listen(room.id),
          },
          "Listen",
        ),
      el(
        "button",
        { class: "button danger wide", "data-key": `leave ${room.id}`, onclick: () => call.leave(room.id) },
        icon("leave"),
        "Leave",
      ),
    );
  }

  #member({ name, bot, online }) {
    const away = bot && !online;
    return el(
      "li",
      { class: away ? "away" : "" },
      el("span", { class: "presence" }, avatar(name, { bot, small: false })),
      el("span", {}, name),
      bot && el("span", { class: "badge" }, "APP"),
      el("span", { class: "hidden-text" }, away ? "offline" : "online"),
    );
  }
}
