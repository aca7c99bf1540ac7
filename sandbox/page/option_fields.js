import { Choices } from "/page/choices.js";
import { el } from "/page/dom.js";
import { toUpload } from "/page/uploads.js";

const [STRING, INTEGER, BOOLEAN, USER, CHANNEL, ROLE, MENTIONABLE, NUMBER, ATTACHMENT] = [
  3, 4, 5, 6, 7, 8, 9, 10, 11,
];
const CHANNEL_TYPES = { text: 0, dm: 1, voice: 2, thread: 11, stage: 13 };
const PAUSE = 150;

/**
 * Make the field for one option: its `node`, and `value()`, undefined while it is empty. `ask`
 * returns the bot's choices for what was typed so far.
 */
export function optionField(option, { store, ask }) {
  if (option.choices?.length)
    return select(
      option,
      option.choices.map(({ name, value }) => [name, String(value)]),
      (value) => chosen(option, value),
    );
  if (option.type === BOOLEAN)
    return select(
      option,
      [
        ["True", "true"],
        ["False", "false"],
      ],
      (value) => value === "true",
    );
  if (option.type === USER || option.type === MENTIONABLE)
    return select(
      option,
      store.everybody.map(({ name, id }) => [name, id]),
      String,
    );
  if (option.type === CHANNEL) return select(option, channels(option, store), String);
  if (option.type === ATTACHMENT) return upload(option);
  if (option.autocomplete) return completed(option, ask);
  return typed(option);
}

function chosen(option, value) {
  return option.type === STRING ? value : Number(value);
}

function channels(option, store) {
  const allowed = option.channel_types ?? [];
  const fits = ({ type }) => !allowed.length || allowed.includes(CHANNEL_TYPES[type]);
  return (store.guild?.channels ?? []).filter(fits).map(({ name, id }) => [name, id]);
}

function select(option, choices, convert) {
  const node = el(
    "select",
    { required: option.required },
    el("option", { value: "" }, option.required ? "choose" : "none"),
    choices.map(([name, value]) => el("option", { value }, name)),
  );
  return { node, value: async () => (node.value === "" ? undefined : convert(node.value)) };
}

function upload(option) {
  const node = el("input", { type: "file", required: option.required });
  return { node, value: async () => (node.files[0] ? toUpload(node.files[0]) : undefined) };
}

function typed(option) {
  const numeric = option.type === INTEGER || option.type === NUMBER;
  const node = el("input", {
    type: numeric ? "number" : "text",
    step: option.type === INTEGER ? "1" : "any",
    required: option.required,
    autocomplete: "off",
    min: option.min_value,
    max: option.max_value,
    minlength: option.min_length,
    maxlength: option.max_length,
    placeholder: option.type === ROLE ? "role" : option.description,
  });
  const convert = (text) => (numeric ? Number(text) : text);
  return { node, value: async () => (node.value === "" ? undefined : convert(node.value)) };
}

function completed(option, ask) {
  const input = el("input", {
    type: "text",
    required: option.required,
    autocomplete: "off",
    placeholder: option.description,
  });
  const choices = new Choices({ field: input, label: `Choices for ${option.name}` });
  let picked = null;
  let timer;
  const offer = async () => {
    const text = input.value;
    const found = await ask(text).catch(() => []);
    if (document.activeElement !== input || input.value !== text) return;
    choices.show(found, {
      draw: ({ name }) => el("span", { class: "choice-name" }, name),
      pick: (choice) => {
        picked = choice;
        input.value = choice.name;
      },
    });
  };
  const later = () => {
    clearTimeout(timer);
    timer = setTimeout(offer, PAUSE);
  };
  input.addEventListener("input", () => {
    picked = null;
    later();
  });
  input.addEventListener("focus", later);
  input.addEventListener("blur", () => choices.close());
  input.addEventListener("keydown", (event) => choices.key(event));
  const value = async () =>
    picked?.value ??
    (input.value === "" ? undefined : option.type === STRING ? input.value : Number(input.value));
  return { node: el("span", { class: "completed" }, input, choices.list), value };
}
