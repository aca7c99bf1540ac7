// Runs in the audio thread. A jitter buffer for each speaker: it waits until CUSHION is there, then
// plays; a speaker who runs dry is waited for anew, and what comes too early is dropped.

const CUSHION = 2880; // 60 ms at 48 kHz
const MOST = 24000; // half a second
const DRY_AFTER = 9600; // silence that ends a spell of speech rather than being a gap in it

class Speaker {
  constructor() {
    this.frames = [];
    this.offset = 0;
    this.ready = 0;
    this.playing = false;
    this.dry = DRY_AFTER;
  }

  push(samples) {
    this.frames.push(samples);
    this.ready += samples.length;
    while (this.ready > MOST) this.shift();
  }

  shift() {
    const [first] = this.frames;
    this.ready -= first.length - this.offset;
    this.frames.shift();
    this.offset = 0;
  }

  /** Add sound to `output`; tell whether it was missing in the midst of speech. */
  mix(output) {
    const resumed = !this.playing && this.ready >= CUSHION;
    const gap = resumed && this.dry < DRY_AFTER;
    this.playing ||= resumed;
    if (!this.playing) this.dry += output.length;
    for (let at = 0; this.playing && at < output.length; at += 1) {
      if (this.ready === 0) {
        this.playing = false;
        this.dry = output.length - at;
        break;
      }
      output[at] += this.frames[0][this.offset] / 32768;
      this.offset += 1;
      this.ready -= 1;
      if (this.offset === this.frames[0].length) {
        this.frames.shift();
        this.offset = 0;
      }
    }
    return gap;
  }
}

class PlayerProcessor extends AudioWorkletProcessor {
  constructor() {
    super();
    this.speakers = new Map();
    this.gaps = 0;
    this.port.onmessage = ({ data }) => (data ? this.take(data) : this.speakers.clear());
  }

  take(data) {
    const ssrc = new DataView(data).getUint32(0, true);
    if (!this.speakers.has(ssrc)) this.speakers.set(ssrc, new Speaker());
    this.speakers.get(ssrc).push(new Int16Array(data, 4));
  }

  process(_inputs, [[output]]) {
    const before = this.gaps;
    for (const speaker of this.speakers.values()) this.gaps += Number(speaker.mix(output));
    if (this.gaps > before) this.port.postMessage({ gaps: this.gaps });
    return true;
  }
}

registerProcessor("player", PlayerProcessor);
