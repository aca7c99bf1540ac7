import { api } from "/page/api.js";
import { el } from "/page/dom.js";

const [GROUPED, GROUP] = [1, 2];
const [SLASH, ON_MESSAGE] = [1, 3];

/** Return the commands a person gets in a channel, those in groups with their whole name. */
export async function commandsFor(user, channel) {
  const { commands } = await api.commands(user, channel);
  const leaves = commands
    .filter((each) => each.type === SLASH)
    .flatMap((each) => flatten(each, "", each.application_id));
  return leaves.sort((a, b) => a.name.localeCompare(b.name));
}

/** Return the commands that a person finds in the menu of a channel's messages. */
export async function menuFor(user, channel) {
  const { commands } = await api.commands(user, channel);
  return commands
    .filter((each) => each.type === ON_MESSAGE)
    .map((each) => ({ name: each.name, bot: each.application_id }));
}

function flatten(command, before, bot) {
  const name = before + command.name;
  const nested = (command.options ?? []).filter((each) => each.type === GROUPED || each.type === GROUP);
  if (nested.length) return nested.flatMap((each) => flatten(each, `${name} `, bot));
  return [{ name, bot, description: command.description, options: command.options ?? [] }];
}

/** Return the commands that suit what was typed behind the slash, best first. */
export function matching(commands, typed) {
  const wanted = typed.toLowerCase();
  const begins = commands.filter((each) => each.name.startsWith(wanted));
  const holds = commands.filter((each) => !begins.includes(each) && each.name.includes(wanted));
  return [...begins, ...holds];
}

/** Draw a command in the list. */
export function drawCommand({ name, description, options }) {
  return [
    el(
      "span",
      { class: "choice-name" },
      `/${name}`,
      options.map((each) =>
        el("span", { class: "choice-option" }, each.required ? each.name : `${each.name}?`),
      ),
    ),
    el("span", { class: "choice-about" }, description),
  ];
}
