import { Actions } from "/page/actions.js";
import { Call } from "/page/call.js";
import { Composer } from "/page/composer.js";
import { fill } from "/page/dom.js";
import { icon } from "/page/icons.js";
import { Live } from "/page/live.js";
import { MessageList } from "/page/message_list.js";
import { People } from "/page/people.js";
import { Sidebar } from "/page/sidebar.js";
import { Store } from "/page/store.js";
import { iconOf, isVocal } from "/page/voice_rooms.js";

const byId = (id) => document.getElementById(id);

const store = new Store();
const actions = new Actions(store);
const call = new Call(store);
actions.composer = new Composer({
  store,
  place: byId("write"),
  run: actions.run,
  editLast: actions.editLast,
});
actions.list = new MessageList({ store, list: byId("messages"), acts: actions });
new Sidebar({ store, call });
new People({ store, call });

store.addEventListener("place", () => drawPlace());
store.addEventListener("world", () => drawPlace());
store.addEventListener("unread", () => drawTitle());
store.addEventListener("typing", () => drawTyping());
store.addEventListener("connection", () => drawConnection());
document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && store.seen());
document.addEventListener("keydown", (event) => event.key === "Escape" && closeDrawers());
document.querySelector("main").addEventListener("click", () => closeDrawers());
for (const drawer of ["side", "people"]) drawerButton(drawer);
new Live({
  take: (event) => store.take(event),
  status: (connected) => store.setConnected(connected),
}).connect();

function drawPlace() {
  const { channel } = store;
  if (!channel) return;
  const signs = { text: "hash", dm: "at", thread: "reply" };
  fill(
    byId("channel-name"),
    icon(isVocal(channel) ? iconOf(channel) : signs[channel.type]),
    channel.type === "dm" ? store.bot.name : channel.name,
  );
  if (store.channelId !== drawPlace.before) closeDrawers();
  if (store.channelId !== drawPlace.before) actions.composer.focus();
  drawPlace.before = store.channelId;
  drawTitle();
}

function drawTitle() {
  const unread = store.guilds
    .flatMap((guild) => guild.channels)
    .reduce((sum, each) => sum + store.unread(each.id).mentions, 0);
  document.title = `${unread ? `(${unread}) ` : ""}${store.channel ? store.channel.name : "Sandbox"} · Sandbox`;
}

function drawTyping() {
  const names = store.typing.names(store.channelId);
  const who = new Intl.ListFormat("en").format(names);
  byId("typing").textContent = names.length ? `${who} ${names.length === 1 ? "is" : "are"} typing…` : "";
}

function drawConnection() {
  byId("connection").textContent = store.connected === false ? "Connection lost. Trying again…" : "";
}

function drawerButton(drawer) {
  const button = byId(`show-${drawer}`);
  button.append(icon(drawer === "side" ? "menu" : "people"));
  button.setAttribute("aria-label", drawer === "side" ? "Channels" : "Voice and members");
  button.addEventListener("click", (event) => {
    event.stopPropagation();
    const shown = document.body.classList.toggle(`shows-${drawer}`);
    button.setAttribute("aria-expanded", String(shown));
  });
}

/** Close what lies over the messages in a narrow window; a focus in it goes where it came from. */
function closeDrawers() {
  for (const drawer of ["side", "people"]) {
    const [button, shown] = [byId(`show-${drawer}`), `shows-${drawer}`];
    if (!document.body.classList.contains(shown)) continue;
    const inside = document.activeElement?.closest(drawer === "side" ? "#servers, #side" : "#people");
    document.body.classList.remove(shown);
    button.setAttribute("aria-expanded", "false");
    if (inside) button.focus();
  }
}
