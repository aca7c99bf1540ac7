// The control API, as docs/sandbox.md describes it.

/** Say in the server's own sentence what it refused. */
export class ApiError extends Error {}

async function call(method, path, body, type = "application/json") {
  const options = { method };
  if (body !== undefined) {
    options.headers = { "Content-Type": type };
    options.body = type === "application/json" ? JSON.stringify(body) : body;
  }
  let answer;
  try {
    answer = await fetch(`/sandbox/${path}`, options);
  } catch {
    throw new ApiError("The sandbox does not answer.");
  }
  const content = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new ApiError(content.error || `The sandbox answered ${answer.status}.`);
  return content;
}

const query = (values) => new URLSearchParams(values).toString();

export const api = {
  state: () => call("GET", "state"),
  messages: (channel) => call("GET", `channels/${channel}/messages`),
  post: (channel, message) => call("POST", `channels/${channel}/messages`, message),
  edit: (channel, id, content) => call("PATCH", `channels/${channel}/messages/${id}`, { content }),
  remove: (channel, id) => call("DELETE", `channels/${channel}/messages/${id}`),
  type: (channel, user) => call("POST", `channels/${channel}/typing`, { user }),
  openDirect: (user) => call("POST", `users/${encodeURIComponent(user)}/dm`),
  commands: (user, channel) => call("GET", `commands?${query({ user, channel })}`),
  run: (command) => call("POST", "commands", command),
  choices: (command) => call("POST", "autocomplete", command),
  press: (component) => call("POST", "components", component),
  submit: (form) => call("POST", "modals", form),
  join: (channel, user) => call("POST", `voice/${channel}/join`, { user }),
  leave: (channel, user) => call("POST", `voice/${channel}/leave`, { user }),
  say: (channel, user, wav) =>
    call("POST", `voice/${channel}/say?${query({ user, mode: "ptt" })}`, wav, "audio/wav"),
};
