import { el, fragment } from "/page/dom.js";
import { renderInline } from "/page/markdown_inline.js";

const LONGEST = 8000;
const DEEPEST = 4;
const FENCE = /```(?:([\w+#.-]+)\n)?\n*([^]*?)```/g;
const ITEM = /^( *)([-*]|\d{1,9}\.) +(.*)$/;

/**
 * Render Discord's markdown as nodes. `context` resolves ids: `user(id)` and `channel(id)` return a
 * name or null, `me` is the visitor's name. What no person writes by hand stays plain text.
 */
export function renderMarkdown(text, context) {
  if (text.length > LONGEST) return fragment(text);
  return renderBlocks(text, context, 0);
}

function renderBlocks(text, context, depth) {
  const nodes = [];
  let end = 0;
  for (const match of text.matchAll(FENCE)) {
    if (!match[2].trim()) continue;
    nodes.push(...renderLines(text.slice(end, match.index).replace(/\n$/, ""), context, depth));
    nodes.push(codeBlock(match[2], match[1]));
    end = match.index + match[0].length;
    if (text[end] === "\n") end += 1;
  }
  nodes.push(...renderLines(text.slice(end), context, depth));
  return fragment(nodes);
}

function codeBlock(code, language) {
  const label = language ? `Code, ${language}` : "Code";
  return el("pre", { tabindex: "0", "aria-label": label }, el("code", {}, code.replace(/\n$/, "")));
}

function renderLines(text, context, depth) {
  const nodes = [];
  const lines = text ? text.split("\n") : [];
  while (lines.length) nodes.push(...takeBlock(lines, context, depth, nodes.at(-1)));
  return nodes;
}

function takeBlock(lines, context, depth, before) {
  const [line] = lines;
  if (line.startsWith(">>> ") && depth < DEEPEST) {
    const quoted = lines.splice(0).join("\n").slice(4);
    return [el("blockquote", {}, renderBlocks(quoted, context, depth + 1))];
  }
  if (line.startsWith("> ") && depth < DEEPEST) return [takeQuote(lines, context, depth)];
  if (ITEM.test(line)) return [takeList(lines, context, 0)];
  lines.shift();
  if (!line && ["UL", "OL"].includes(before?.nodeName)) return [];
  const heading = /^(#{1,3}|-#) +(\S.*)$/.exec(line);
  if (heading) return [renderHeading(heading[1], heading[2], context)];
  const start = before === undefined || isBlock(before) ? [] : [el("br")];
  return [...start, renderInline(line, context)];
}

function isBlock(node) {
  return ["BLOCKQUOTE", "UL", "OL", "PRE", "H4", "H5", "H6", "SMALL"].includes(node.nodeName);
}

function renderHeading(marks, text, context) {
  if (marks === "-#") return el("small", { class: "subtext" }, renderInline(text, context));
  return el(`h${marks.length + 3}`, {}, renderInline(text, context));
}

function takeQuote(lines, context, depth) {
  const quoted = [];
  while (lines[0]?.startsWith("> ") || lines[0] === ">") quoted.push(lines.shift().slice(2));
  return el("blockquote", {}, renderBlocks(quoted.join("\n"), context, depth + 1));
}

function takeList(lines, context, depth) {
  const [, indent, mark] = ITEM.exec(lines[0]);
  const ordered = mark.endsWith(".");
  const list = ordered ? el("ol", { start: mark.slice(0, -1) }) : el("ul");
  while (lines.length) {
    const found = ITEM.exec(lines[0]);
    if (!found || found[1].length < indent.length || found[2].endsWith(".") !== ordered) break;
    if (found[1].length > indent.length + 1 && depth < DEEPEST && list.lastChild) {
      list.lastChild.append(takeList(lines, context, depth + 1));
    } else {
      list.append(el("li", {}, renderInline(found[3], context)));
      lines.shift();
    }
  }
  return list;
}
