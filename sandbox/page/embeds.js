import { el } from "/page/dom.js";
import { icon } from "/page/icons.js";
import { renderMarkdown } from "/page/markdown.js";

const PICTURES = ["image/png", "image/jpeg", "image/gif", "image/webp"];

/** Show an uploaded file: a picture in place, anything else to be saved. */
export function attachment(file, channel) {
  const url = `/page/uploads/${channel}/${file.id}`;
  if (PICTURES.includes(file.content_type)) {
    return el(
      "a",
      { class: "picture", href: url, target: "_blank", rel: "noopener" },
      el("img", { src: url, alt: file.filename, loading: "lazy" }),
    );
  }
  return el(
    "a",
    { class: "file", href: url, download: file.filename },
    icon("file"),
    el("span", {}, el("b", {}, file.filename), el("small", {}, size(file.size))),
  );
}

/** Write a number of bytes as people do. */
export function size(bytes) {
  if (bytes < 1024) return `${bytes} bytes`;
  return bytes < 1048576 ? `${(bytes / 1024).toFixed(1)} KB` : `${(bytes / 1048576).toFixed(1)} MB`;
}

/** Show an embed; pictures from elsewhere are named, not fetched. */
export function embed(given, context) {
  const box = el(
    "div",
    { class: "embed" },
    given.author?.name && el("div", { class: "embed-author" }, given.author.name),
    given.title && el("div", { class: "embed-title" }, title(given)),
    given.description && el("div", { class: "content" }, renderMarkdown(given.description, context)),
    given.fields?.length > 0 &&
      el(
        "div",
        { class: "fields" },
        given.fields.map((each) => field(each, context)),
      ),
    given.footer?.text && el("div", { class: "embed-footer" }, given.footer.text),
  );
  if (given.color) box.style.borderInlineStartColor = `#${given.color.toString(16).padStart(6, "0")}`;
  return box;
}

function title({ title: text, url }) {
  return /^https?:\/\//.test(url ?? "")
    ? el("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, text)
    : text;
}

function field({ name, value, inline }, context) {
  return el(
    "div",
    { class: inline ? "field inline" : "field" },
    el("b", {}, name),
    el("div", { class: "content" }, renderMarkdown(value, context)),
  );
}
