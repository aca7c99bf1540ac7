import { el } from "/page/dom.js";

const COLOURS = 6;

/** Draw someone's picture: an initial on a colour of their own. */
export function avatar(name, { bot = false, small = false } = {}) {
  const colour = bot ? "bot" : [...name].reduce((sum, letter) => sum + letter.codePointAt(0), 0) % COLOURS;
  const initial = bot ? "✦" : ([...name][0]?.toUpperCase() ?? "?");
  return el(
    "span",
    { class: `avatar colour-${colour}${small ? " small" : ""}`, "aria-hidden": "true" },
    initial,
  );
}
