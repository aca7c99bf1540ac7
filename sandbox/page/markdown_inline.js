import { el, fragment } from "/page/dom.js";
import { mention, shortEmoji, timestamp } from "/page/mentions.js";

const DEEPEST = 8;

// In the order in which they are tried at one place; [pattern, (match, inner, context) => node].
const RULES = [
  [/\\([^\w\s])/y, ([, escaped]) => escaped],
  [/\[([^\]\n]+)\]\(<?(https?:\/\/[^\s<>)]+)>?\)/y, ([, text, url], inner) => link(url, inner(text))],
  [/<(https?:\/\/[^\s<>]+)>/y, ([, url]) => link(url, url)],
  [/https?:\/\/[^\s<]+[^<.,:;"'\])\s]/y, ([url]) => link(url, url)],
  [/<(@!?|@&|#)(\d{1,20})>/y, ([, kind, id], _inner, context) => mention(kind, id, context)],
  [/<\/([\w -]{1,100}):\d{1,20}>/y, ([, name]) => el("span", { class: "mention" }, `/${name}`)],
  [/@(everyone|here)\b/y, ([name]) => el("span", { class: "mention" }, name)],
  [/<a?:(\w{2,32}):\d{1,20}>/y, ([, name]) => shortEmoji(name)],
  [/<t:(-?\d{1,13})(?::([tTdDfFR]))?>/y, ([, seconds, style]) => timestamp(Number(seconds), style)],
  [/\*\*\*([^\s*](?:[^*]*[^\s*])?)\*\*\*/y, ([, text], inner) => el("strong", {}, el("em", {}, inner(text)))],
  [/\*\*((?:\\[^]|[^\\])+?)\*\*(?!\*)/y, ([, text], inner) => el("strong", {}, inner(text))],
  [/__((?:\\[^]|[^\\])+?)__(?!_)/y, ([, text], inner) => el("u", {}, inner(text))],
  [/\*([^\s*](?:(?:\*\*|[^*])*?[^\s*])?)\*(?!\*)/y, ([, text], inner) => el("em", {}, inner(text))],
  [/_([^_\n]+)_(?!\w)/y, ([, text], inner) => el("em", {}, inner(text)), /\w$/],
  [/~~([^]+?)~~/y, ([, text], inner) => el("s", {}, inner(text))],
  [/\|\|([^]+?)\|\|/y, ([, text], inner) => spoiler(inner(text))],
];
const TICKS = /`+/y;
const PLAIN = /[^\\`[<h@*_~|]+/y;

/** Render what stands within a line. */
export function renderInline(text, context, depth = 0) {
  if (depth > DEEPEST) return fragment(text);
  const inner = (part) => renderInline(part, context, depth + 1);
  const nodes = [];
  let plain = "";
  for (let at = 0; at < text.length;) {
    const found = text[at] === "`" ? codeAt(text, at) : matchAt(text, at);
    if (found) {
      nodes.push(plain, found.make(found.match, inner, context));
      plain = "";
      at += found.match[0].length;
    } else {
      const run = stick(PLAIN, text, at)?.[0] ?? text[at];
      plain += run;
      at += run.length;
    }
  }
  return fragment(
    nodes.filter((node) => node !== ""),
    plain,
  );
}

/** Find code between two runs of as many backticks; a run that nothing ends is text. */
function codeAt(text, at) {
  const [ticks] = stick(TICKS, text, at);
  for (const end of text.slice(at + ticks.length).matchAll(/`+/g)) {
    if (end[0].length !== ticks.length || end.index === 0) continue;
    const code = text.slice(at + ticks.length, at + ticks.length + end.index);
    return { match: [ticks + code + ticks], make: () => el("code", {}, code) };
  }
  return { match: [ticks], make: () => ticks };
}

function matchAt(text, at) {
  for (const [pattern, make, notAfter] of RULES) {
    if (notAfter?.test(text.slice(Math.max(0, at - 1), at))) continue;
    const match = stick(pattern, text, at);
    if (match) return { match, make };
  }
  return null;
}

function stick(pattern, text, at) {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

function link(url, content) {
  return el("a", { href: url, title: url, target: "_blank", rel: "noopener noreferrer" }, content);
}

function spoiler(content) {
  const reveal = (event) => {
    if (event.type === "keydown" && event.key !== "Enter" && event.key !== " ") return;
    if (node.classList.contains("shown")) return;
    event.preventDefault();
    node.classList.add("shown");
    node.removeAttribute("aria-label");
    node.setAttribute("aria-expanded", "true");
  };
  const hidden = el("span", {}, content);
  const node = el(
    "span",
    {
      class: "spoiler",
      role: "button",
      tabindex: "0",
      "aria-expanded": "false",
      "aria-label": "Spoiler, press to show",
      onclick: reveal,
      onkeydown: reveal,
    },
    hidden,
  );
  return node;
}
