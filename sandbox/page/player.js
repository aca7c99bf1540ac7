import { ApiError } from "/page/api.js";

const RATE = 48000;

/** Play what the people of a voice channel hear: frames from the server, through a jitter buffer. */
export class Player {
  #context = null;
  #socket = null;
  #output = null;
  #ended;
  #watcher = () => {};
  gaps = 0;

  /** `ended` is called when the server ends the connection. */
  constructor({ ended }) {
    this.#ended = ended;
  }

  /** Let sound be played; call it from a click or a key, browsers ask for one. */
  wake() {
    this.#context ??= new AudioContext({ sampleRate: RATE, latencyHint: "interactive" });
    this.#context.resume();
  }

  /** Call `watcher` with the loudness, 0 to 1, while there is sound. */
  watch(watcher) {
    this.#watcher = watcher;
  }

  /** Play a channel as one of its people hears it. Throws ApiError. */
  async play(channel, user) {
    this.#output ??= await this.#open();
    const socket = new WebSocket(
      `ws://${location.host}/page/voice/${channel}?${new URLSearchParams({ user })}`,
    );
    socket.binaryType = "arraybuffer";
    this.#socket = socket;
    await new Promise((resolve, reject) => {
      socket.onopen = resolve;
      socket.onerror = () => reject(new ApiError("The sound of this channel can't be reached."));
    });
    socket.onmessage = ({ data }) => this.#output.port.postMessage(data, [data]);
    socket.onclose = () => this.#socket === socket && this.#ended();
  }

  /** Stop playing. */
  stop() {
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
    this.#output?.port.postMessage(null);
  }

  async #open() {
    await this.#context.audioWorklet.addModule("/page/player_worklet.js");
    const node = new AudioWorkletNode(this.#context, "player", {
      numberOfInputs: 0,
      outputChannelCount: [1],
    });
    const analyser = new AnalyserNode(this.#context, { fftSize: 2048 });
    node.connect(analyser).connect(this.#context.destination);
    node.port.onmessage = ({ data }) => {
      this.gaps = data.gaps;
    };
    const samples = new Float32Array(analyser.fftSize);
    const look = () => {
      analyser.getFloatTimeDomainData(samples);
      this.#watcher(samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0));
      setTimeout(look, 50);
    };
    look();
    return node;
  }
}
