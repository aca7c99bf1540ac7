import { avatar } from "/page/avatar.js";
import { componentRows } from "/page/components.js";
import { el } from "/page/dom.js";
import { attachment, embed } from "/page/embeds.js";
import { icon } from "/page/icons.js";
import { renderMarkdown } from "/page/markdown.js";
import { clock } from "/page/mentions.js";
import { toReadable } from "/page/names.js";
import { timeOf } from "/page/snowflakes.js";
import { waterfall } from "/page/waterfall.js";

const SPOKEN = 2000;

/**
 * Draw one message. `view` says how: `compact` (it follows one of the same author), `editing`,
 * `answered` (the message it replies to), `turn` and `turnOpen` for its waterfall, `context` for
 * its markdown, `me`; `acts` are what its controls do.
 */
export function messageRow(message, view, acts) {
  const time = timeOf(message.id);
  const pinged = message.mentions?.includes(view.me) && message.author.name !== view.me;
  const kinds = ["message", view.compact && "compact", pinged && "pinged", message.local && "local"];
  return el(
    "li",
    {
      class: kinds.filter(Boolean).join(" "),
      tabindex: "-1",
      "data-id": message.id,
      "data-key": `row ${message.id}`,
      "aria-label": spoken(message, time, view),
    },
    message.reply_to && answeredLine(view.answered, view, acts),
    message.interaction && commandLine(message.interaction),
    view.compact
      ? el("time", { class: "side-time", datetime: time.toISOString() }, hours(time))
      : avatar(message.author.name, message.author),
    el(
      "div",
      { class: "body" },
      !view.compact && header(message, time),
      view.editing ? editor(message, acts) : content(message, view),
      message.attachments?.map((each) => attachment(each, message.channel)),
      message.embeds?.map((each) => embed(each, view.context)),
      componentRows(message, acts, view.context),
      reactions(message),
      message.local && onlyYou(message, acts),
      view.turn && waterfall(view.turn, view.turnOpen, (open) => acts.foldTurn(view.turn.turn, open)),
    ),
    !view.editing && toolbar(message, view, acts),
  );
}

function spoken(message, time, view) {
  const text = toReadable(message.content, view.context.user).slice(0, SPOKEN);
  const said = text || (message.attachments?.length ? "an attachment" : "");
  return `${message.author.name}, ${clock(time)}${said && `: ${said}`}`;
}

function hours(time) {
  return time.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
}

function header(message, time) {
  return el(
    "div",
    { class: "head" },
    el("span", { class: `author${message.author.bot ? " bot" : ""}` }, message.author.name),
    message.author.bot && el("span", { class: "badge" }, "APP"),
    el("time", { datetime: time.toISOString(), title: time.toLocaleString() }, clock(time)),
  );
}

function content(message, view) {
  if (message.failed) return el("div", { class: "content failed" }, message.content);
  const empty =
    !message.content &&
    !message.embeds?.length &&
    !message.attachments?.length &&
    !message.components?.length;
  if (empty && message.interaction) {
    const dots = el("span", { class: "dots", "aria-hidden": "true" }, el("i"), el("i"), el("i"));
    return el("div", { class: "content thinking" }, dots, `${message.author.name} is thinking…`);
  }
  if (!message.content) return null;
  return el(
    "div",
    { class: "content" },
    renderMarkdown(message.content, view.context),
    message.edits?.length > 0 && el("span", { class: "edited" }, " (edited)"),
  );
}

function answeredLine(answered, view, acts) {
  if (!answered || answered.deleted)
    return el("div", { class: "reference" }, el("em", {}, "Original message was deleted"));
  const jump = {
    class: "plain reference",
    "data-key": `jump ${answered.id}`,
    onclick: () => acts.jump(answered.id),
    "aria-label": `Reply to ${answered.author.name}: show that message`,
  };
  const text = toReadable(answered.content, view.context.user);
  return el(
    "button",
    jump,
    avatar(answered.author.name, { ...answered.author, small: true }),
    el("b", {}, answered.author.name),
    el("span", {}, text.slice(0, 160) || "an attachment"),
  );
}

function commandLine({ name, user }) {
  return el(
    "div",
    { class: "reference" },
    avatar(user, { small: true }),
    el("b", {}, user),
    " used ",
    el("span", { class: "mention" }, name === name.toLowerCase() ? `/${name}` : name),
  );
}

function reactions(message) {
  const given = Object.entries(message.reactions ?? {});
  return (
    given.length > 0 &&
    el(
      "div",
      { class: "reactions" },
      given.map(([emoji, count]) => el("span", { class: "reaction" }, `${emoji} ${count}`)),
    )
  );
}

function onlyYou(message, acts) {
  return el(
    "div",
    { class: "only-you" },
    icon("eye"),
    "Only you can see this • ",
    el(
      "button",
      { class: "plain link", "data-key": `dismiss ${message.id}`, onclick: () => acts.dismiss(message) },
      "Dismiss message",
    ),
  );
}

function editor(message, acts) {
  const save = (event) => {
    if (event.key === "Escape") acts.endEdit();
    else if (event.key === "Enter" && !event.shiftKey && !event.isComposing)
      acts.saveEdit(message, event.target.value);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return el(
    "div",
    { class: "editor" },
    el("textarea", {
      value: acts.readable(message.content),
      "aria-label": "Edit your message",
      rows: "2",
      "data-key": `edit ${message.id}`,
      onkeydown: save,
    }),
    el("small", {}, "escape to cancel • enter to save"),
  );
}

function toolbar(message, view, acts) {
  if (message.local) return null;
  const button = (name, label, act) =>
    el(
      "button",
      { "data-key": `${name} ${message.id}`, "aria-label": label, title: label, onclick: act },
      icon(name),
    );
  const own = message.author.name === view.me;
  return el(
    "div",
    { class: "tools", role: "toolbar", "aria-label": "Message" },
    button("reply", "Reply", () => acts.reply(message)),
    own && button("edit", "Edit", () => acts.startEdit(message)),
    own && button("remove", "Delete", () => acts.remove(message)),
    button("menu", "Apps", () => acts.openMenu(message)),
  );
}
