import { ApiError } from "/page/api.js";
import { toWav } from "/page/wav.js";

const RATE = 48000;
const SHORTEST = RATE / 10;

/** Record the browser's microphone between `open` and `close`. */
export class Microphone {
  #opening = null;

  /**
   * Begin to record; returns once there is enough to be sent, which on a busy machine takes a while.
   * Throws ApiError where there is no microphone, or no leave to use it.
   */
  async open() {
    this.#opening = this.#open();
    await (await this.#opening).enough;
  }

  /** Stop, give the microphone back, and return a WAV file; null when there is too little. */
  async close() {
    const opening = this.#opening;
    this.#opening = null; // while this one ends, another may begin
    const recording = await opening?.catch(() => null);
    if (!recording) return null;
    for (const track of recording.stream.getTracks()) track.stop();
    await recording.context.close();
    const length = recording.pieces.reduce((sum, piece) => sum + piece.length, 0);
    return length < SHORTEST ? null : toWav(recording.pieces, length, RATE);
  }

  async #open() {
    let stream;
    try {
      stream = await navigator.mediaDevices.getUserMedia({
        audio: { channelCount: 1, echoCancellation: true },
      });
    } catch {
      throw new ApiError("The browser gives no microphone to this page.");
    }
    const context = new AudioContext({ sampleRate: RATE });
    await context.audioWorklet.addModule("/page/recorder_worklet.js");
    const recorder = new AudioWorkletNode(context, "recorder", { numberOfOutputs: 0 });
    const pieces = [];
    const enough = new Promise((resolve) => {
      let length = 0;
      recorder.port.onmessage = ({ data }) => {
        pieces.push(data);
        length += data.length;
        if (length >= SHORTEST) resolve();
      };
    });
    context.createMediaStreamSource(stream).connect(recorder);
    return { stream, context, pieces, enough };
  }
}
