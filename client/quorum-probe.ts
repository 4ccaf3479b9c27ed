/**
 * While a client sits on a server without a quorum: looks for one that has it, as ZooKeeper's own
 * client does, by the four-letter word `isro`, one server at a time with growing pauses. A server
 * that does not allow the word is passed over.
 */

import type { ClientClock } from './clock.ts';
import { Alarm } from './clock.ts';
import type { ServerAddress, ServerList } from './connect-string.ts';
import type { ByteStream, Dial } from './dial.ts';

const pauseMsMin = 1_000;
const pauseMsMax = 60_000;
const answerBytesMax = 64;

export class QuorumProbe {
  readonly #dial: Dial;
  readonly #servers: ServerList;
  readonly #clock: ClientClock;
  readonly #alarm: Alarm;
  readonly #found: (server: ServerAddress) => void;
  #stream: ByteStream | null = null;
  #pauseMs = 0;

  constructor(
    dial: Dial,
    servers: ServerList,
    clock: ClientClock,
    found: (server: ServerAddress) => void,
  ) {
    this.#dial = dial;
    this.#servers = servers;
    this.#clock = clock;
    this.#found = found;
    this.#alarm = new Alarm(clock, () => this.#probe());
  }

  start(): void {
    this.#pauseMs = pauseMsMin;
    this.#alarm.by(this.#clock.now() + this.#pauseMs);
  }

  stop(): void {
    this.#alarm.stop();
    this.#hangUp();
  }

  #probe(): void {
    // One that has not answered during the pause is given up here.
    this.#hangUp();
    this.#pauseMs = Math.min(pauseMsMax, this.#pauseMs * 2);
    this.#alarm.by(this.#clock.now() + this.#pauseMs);
    const server = this.#servers.next();
    let answer = '';
    let stream: ByteStream;
    try {
      stream = this.#dial(server);
    } catch {
      return;
    }
    this.#stream = stream;
    stream.on('error', () => {});
    stream.on('data', (chunk) => {
      if (this.#stream !== stream || answer.length > answerBytesMax) return;
      answer += chunk.toString('latin1');
      if (answer !== 'rw') return;
      this.stop();
      this.#found(server);
    });
    stream.write(Buffer.from('isro'));
  }

  #hangUp(): void {
    this.#stream?.destroy();
    this.#stream = null;
  }
}
