/**
 * The lines of a nats-server as log lines of ours: what it says of itself at every start is for
 * debugging, a peer that is not up yet is no fault, the rest keeps its severity. A stranger who
 * knocks at its ports may make it talk: over linesPerMinuteMax the rest of a minute is dropped,
 * and counted.
 */

import type { Notes } from '../actors/note.ts';

const linesPerMinuteMax = 60;
const lastLinesMax = 10;
const minuteMs = 60_000;

type Level = 'debug' | 'info' | 'warn' | 'error';
const levels: Readonly<Record<string, Level>> = {
  INF: 'debug',
  DBG: 'debug',
  TRC: 'debug',
  WRN: 'warn',
  ERR: 'warn',
  FTL: 'error',
};
/** The passwords are random, and their file is ours alone. */
const usual = /Plaintext passwords detected/;
const peerIsAway = /Error trying to connect to route/;

export class NatsLog {
  /** For the message about a server that did not start. */
  readonly lastLines: string[] = [];
  readonly #notes: Notes;
  readonly #now: () => number;
  #minuteFrom = 0;
  #lines = 0;

  constructor(notes: Notes, now: () => number = Date.now) {
    this.#notes = notes;
    this.#now = now;
  }

  take(line: string): void {
    if (line.trim() === '') return;
    const match = /\[(INF|DBG|TRC|WRN|ERR|FTL)\] (.*)$/.exec(line);
    const text = match?.[2] ?? line;
    this.lastLines.push(text);
    if (this.lastLines.length > lastLinesMax) this.lastLines.shift();
    const level = levelOf(match?.[1], text);
    if (level === 'debug') return this.#notes.debug(`nats-server: ${text}`);
    const now = this.#now();
    if (now - this.#minuteFrom >= minuteMs) this.#turnMinute(now);
    this.#lines += 1;
    if (this.#lines <= linesPerMinuteMax) this.#notes[level](`nats-server: ${text}`);
  }

  #turnMinute(now: number): void {
    const dropped = this.#lines - linesPerMinuteMax;
    if (dropped > 0) this.#notes.warn('lines of nats-server were dropped', { lines: dropped });
    this.#minuteFrom = now;
    this.#lines = 0;
  }
}

function levelOf(mark: string | undefined, text: string): Level {
  if (usual.test(text)) return 'debug';
  if (peerIsAway.test(text)) return 'info';
  return mark === undefined ? 'warn' : levels[mark]!;
}
