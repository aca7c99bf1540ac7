import { el } from "/page/dom.js";

// [what is shown, mark it begins at, mark it ends at, kind, what it means]
const ROWS = [
  ["batch + context", "asked", "request", "own", "from the message to the bot's request to the model"],
  ["first token", "request", "first_delta", "model", "from the request to the model's first token"],
  [
    "first words",
    "first_delta",
    "first_text",
    "own",
    "from the first token to the first text in the channel",
  ],
  ["first sound", "first_delta", "first_sound", "own", "from the first token to the first audio frame"],
  ["model writes", "first_delta", "last_delta", "model", "from the model's first token to its last"],
  ["text grows", "first_text", "last_edit", "text", "from the first text in the channel to the last edit"],
  ["voice speaks", "first_sound", "last_sound", "voice", "from the first audio frame to the last"],
];
const SUMMARY = [
  ["first words", "first_text"],
  ["first sound", "first_sound"],
];

/** Draw when an answer passed the marks that the sandbox sees from outside the bot. */
export function waterfall(turn, open, toggled) {
  const marks = { ...turn.marks };
  marks.done = Math.max(...Object.values(marks));
  const end = Math.max(marks.done - marks.asked, 0.001);
  const rows = ROWS.filter(([, , to]) => to in marks).map((row) => drawRow(row, marks, end));
  const details = el(
    "details",
    { class: "waterfall", open, "data-key": `waterfall ${turn.turn}` },
    el(
      "summary",
      { title: "Seen from outside the bot: its messages, its requests to the model, its audio frames" },
      summary(marks),
    ),
    el(
      "div",
      { class: "rows", role: "list", "aria-label": "Times since the message, seen from outside the bot" },
      rows,
    ),
  );
  details.addEventListener("toggle", () => toggled(details.open));
  return details;
}

function summary(marks) {
  const running =
    ("request" in marks && !("last_delta" in marks)) || ("first_sound" in marks && !("last_sound" in marks));
  const told = [...SUMMARY, [running ? "so far" : "done", "done"]].filter(([, mark]) => mark in marks);
  return told.map(([name, mark]) =>
    el("span", {}, `${name} `, el("b", {}, seconds(marks[mark] - marks.asked))),
  );
}

function drawRow([name, from, to, kind, meaning], marks, end) {
  const start = (marks[from] ?? marks.asked) - marks.asked;
  const stop = marks[to] - marks.asked;
  const bar = el("span", { class: `bar ${kind}` });
  bar.style.left = `${(100 * start) / end}%`;
  bar.style.width = `${Math.max((100 * (stop - start)) / end, 0.6)}%`;
  const label = `${name}: ${seconds(start)} to ${seconds(stop)}`;
  return el(
    "div",
    { class: "row", role: "listitem", title: `${label} — ${meaning}`, "aria-label": label },
    el("span", { class: "name" }, name),
    el("span", { class: "track" }, bar),
    el("span", { class: "end" }, seconds(stop)),
  );
}

function seconds(value) {
  return `${value.toFixed(2)} s`;
}
