// Elements are only made here and in icons.js, and text only becomes text nodes: nothing that
// anybody writes is ever parsed as markup.

const PROPERTIES = new Set(["value", "checked", "disabled", "hidden", "selected", "tabIndex", "open"]);

/** Make an element; `on…` properties are listeners, null and false are left out. */
export function el(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) setProperty(node, name, value);
  node.append(...present(children));
  return node;
}

/** Make a fragment of what is there. */
export function fragment(...children) {
  const node = document.createDocumentFragment();
  node.append(...present(children));
  return node;
}

/** Replace everything in an element. */
export function fill(node, ...children) {
  node.replaceChildren(...present(children));
}

/**
 * Change an element's children into new ones, but keep the nodes that stay, and with them focus,
 * hover and a button that is just being pressed. What a control does must follow from its data-key.
 */
export function refill(node, ...children) {
  const wanted = document.createElement("div");
  fill(wanted, ...children);
  patchChildren(node, wanted);
}

/** Change an element into a new one like it; see refill. */
export function patch(node, wanted) {
  const stays = (name) => name === "style" || wanted.hasAttribute(name);
  for (const { name } of [...node.attributes]) if (!stays(name)) node.removeAttribute(name);
  for (const { name, value } of wanted.attributes) {
    if (name !== "style" && node.getAttribute(name) !== value) node.setAttribute(name, value);
  }
  node.style.cssText = wanted.style.cssText;
  const { value } = wanted;
  patchChildren(node, wanted);
  if (node.nodeName === "SELECT") node.value = value; // options that move take their choice along
}

function patchChildren(node, wanted) {
  const olds = [...node.childNodes];
  const news = [...wanted.childNodes];
  news.forEach((child, index) => {
    const old = olds[index];
    if (!old) node.append(child);
    else if (!alike(old, child)) old.replaceWith(child);
    else if (old.nodeType === Node.TEXT_NODE) old.data = child.data;
    else patch(old, child);
  });
  for (const old of olds.slice(news.length)) old.remove();
}

function alike(old, child) {
  return old.nodeName === child.nodeName && old.dataset?.key === child.dataset?.key;
}

/** Say something to those who listen to the page rather than look at it. */
export function announce(sentence) {
  document.getElementById("announcer").textContent = sentence;
}

function setProperty(node, name, value) {
  if (value === null || value === undefined || value === false) return;
  if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
  else if (PROPERTIES.has(name)) node[name] = value;
  else node.setAttribute(name, value === true ? "" : value);
}

function present(children) {
  return children.flat(2).filter((child) => child !== null && child !== undefined && child !== false);
}
