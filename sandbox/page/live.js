const FIRST_PAUSE = 250;
const LONGEST_PAUSE = 8000;

/** Keep a connection to the events of the world, and begin anew, ever more slowly, when it breaks. */
export class Live {
  #pause = FIRST_PAUSE;
  #take;
  #status;

  /** `take` gets each event; `status` gets true when events come again, false when they stop. */
  constructor({ take, status }) {
    this.#take = take;
    this.#status = status;
    window.addEventListener("online", () => (this.#pause = FIRST_PAUSE));
  }

  /** Connect, and stay connected. */
  connect() {
    const socket = new WebSocket(`ws://${location.host}/page/live`);
    socket.onmessage = ({ data }) => this.#receive(JSON.parse(data));
    socket.onclose = () => this.#again();
  }

  #receive(event) {
    if (event.kind === "hello") {
      this.#pause = FIRST_PAUSE;
      this.#status(true);
    }
    this.#take(event);
  }

  #again() {
    this.#status(false);
    setTimeout(() => this.connect(), this.#pause * (0.75 + Math.random() / 2));
    this.#pause = Math.min(this.#pause * 2, LONGEST_PAUSE);
  }
}
