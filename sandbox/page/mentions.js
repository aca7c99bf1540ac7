import { el } from "/page/dom.js";

const UNITS = [
  ["year", 31536000],
  ["month", 2592000],
  ["day", 86400],
  ["hour", 3600],
  ["minute", 60],
  ["second", 1],
];
const STYLES = {
  t: { timeStyle: "short" },
  T: { timeStyle: "medium" },
  d: { dateStyle: "short" },
  D: { dateStyle: "long" },
  f: { dateStyle: "long", timeStyle: "short" },
  F: { dateStyle: "full", timeStyle: "short" },
};

/** Show whom or what a message mentions. */
export function mention(kind, id, context) {
  if (kind === "#") return el("span", { class: "mention" }, `#${context.channel(id) ?? "unknown"}`);
  if (kind === "@&") return el("span", { class: "mention" }, "@role");
  const name = context.user(id);
  const own = name !== null && name === context.me;
  return el("span", { class: own ? "mention own" : "mention" }, `@${name ?? "unknown-user"}`);
}

/** Show an emoji that has no picture here by its name. */
export function shortEmoji(name) {
  return el("span", { class: "emoji-name", title: `:${name}:` }, `:${name}:`);
}

/** Show a moment in the reader's own time; style R counts from now. */
export function timestamp(seconds, style = "f") {
  const date = new Date(seconds * 1000);
  if (Number.isNaN(date.getTime())) return `<t:${seconds}>`;
  const full = date.toLocaleString([], STYLES.F);
  const shown =
    style === "R" ? relative(seconds - Date.now() / 1000) : date.toLocaleString([], STYLES[style]);
  return el("time", { datetime: date.toISOString(), title: full, class: "stamp" }, shown);
}

/** Write when a message came as Discord does: by day, then time. */
export function clock(date) {
  const time = date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  const days = Math.round((midnight(new Date()) - midnight(date)) / 86400000);
  if (days === 0) return `Today at ${time}`;
  return days === 1 ? `Yesterday at ${time}` : `${date.toLocaleDateString()} ${time}`;
}

function midnight(date) {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate());
}

function relative(difference) {
  const [unit, size] = UNITS.find(([, length]) => Math.abs(difference) >= length) ?? ["second", 1];
  return new Intl.RelativeTimeFormat([], { numeric: "auto" }).format(Math.round(difference / size), unit);
}
