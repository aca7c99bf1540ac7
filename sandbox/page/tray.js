import { el, fill } from "/page/dom.js";
import { size } from "/page/embeds.js";
import { icon } from "/page/icons.js";
import { LARGEST } from "/page/uploads.js";

/** Hold the files that go with the next message, and show them above the message box. */
export class Tray {
  #files = [];

  /** `refuse` gets a sentence about a file that can't be sent; `done` is called after a removal. */
  constructor({ refuse, done }) {
    Object.assign(this, { refuse, done });
    this.node = el("ul", { class: "tray", "aria-label": "Files to send", hidden: true });
    this.picker = el("input", { type: "file", multiple: true, hidden: true, onchange: () => this.#pick() });
  }

  get empty() {
    return !this.#files.length;
  }

  /** Let the visitor choose files. */
  open() {
    this.picker.click();
  }

  /** Add files. */
  add(files) {
    for (const file of files) {
      if (file.size > LARGEST) this.refuse(`${file.name} is larger than 10 MB.`);
      else this.#files.push(file);
    }
    this.#draw();
  }

  /** Give the files away, and hold none. */
  take() {
    const files = this.#files;
    this.#files = [];
    this.#draw();
    return files;
  }

  #pick() {
    this.add(this.picker.files);
    this.picker.value = "";
  }

  #remove(file) {
    this.#files = this.#files.filter((each) => each !== file);
    this.#draw();
    this.done();
  }

  #draw() {
    this.node.hidden = this.empty;
    fill(
      this.node,
      this.#files.map((file) => this.#item(file)),
    );
  }

  #item(file) {
    const remove = {
      class: "plain",
      "aria-label": `Do not send ${file.name}`,
      onclick: () => this.#remove(file),
    };
    const name = el("span", {}, file.name, el("small", {}, ` ${size(file.size)}`));
    return el("li", {}, icon("file"), name, el("button", remove, icon("close")));
  }
}
