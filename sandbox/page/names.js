/** Turn the names that were written behind an @ into mentions, as Discord's own page does. */
export function toMarkup(text, everybody) {
  const ids = new Map(everybody.map(({ name, id }) => [name, id]));
  const names = [...ids.keys()].sort((a, b) => b.length - a.length).map(escaped);
  const mentions = new RegExp(`\`[^\`]*\`|@(${names.join("|")})(?!\\w)`, "g");
  return text.replace(mentions, (found, name) => (name === undefined ? found : `<@${ids.get(name)}>`));
}

/** Turn mentions back into names, to be read or edited. */
export function toReadable(text, nameOf) {
  return text.replace(/<@!?(\d+)>/g, (found, id) => (nameOf(id) ? `@${nameOf(id)}` : found));
}

function escaped(name) {
  return name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
