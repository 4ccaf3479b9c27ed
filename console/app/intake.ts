/**
 * Reads what the connection brings without holding up the page: at most so many ms of each turn
 * are spent on it. What waits beyond a bound is thrown away unread, oldest first, and counted.
 */

import type { InspectRecord } from '../../protocol/inspection.ts';

const turnMs = 12;
const sliceMs = 6;
const waitingMax = 8_000_000;

export interface IntakeClock {
  readonly monoNow: () => number;
  readonly after: (ms: number, run: () => void) => () => void;
}

export interface IntakeEvents {
  readonly take: (records: readonly InspectRecord[]) => void;
  /** About so many records were thrown away. */
  readonly leaveOut: (count: number) => void;
}

export interface Intake {
  /** A message: a JSON array of records. What is no such thing is passed over. */
  readonly text: (text: string) => void;
}

export function intakeOf(clock: IntakeClock, events: IntakeEvents): Intake {
  const waiting: string[] = [];
  let waitingChars = 0;
  /** Of a record, as they come; to tell how many were in a text that nobody read. */
  let charsPerRecord = 500;
  let turnStartMs = Number.NEGATIVE_INFINITY;
  let isAsked = false;

  const read = (text: string): void => {
    const records = recordsIn(text);
    if (records.length > 0) charsPerRecord = Math.max(1, text.length / records.length);
    events.take(records);
  };

  const pump = (): void => {
    isAsked = false;
    const startMs = clock.monoNow();
    turnStartMs = startMs;
    while (waiting.length > 0 && clock.monoNow() - startMs < sliceMs) {
      const text = waiting.shift()!;
      waitingChars -= text.length;
      read(text);
    }
    ask();
  };

  const ask = (): void => {
    if (isAsked || waiting.length === 0) return;
    isAsked = true;
    clock.after(turnMs, pump);
  };

  const makeRoom = (): void => {
    let chars = 0;
    while (waitingChars > waitingMax && waiting.length > 1) {
      const { length } = waiting.shift()!;
      waitingChars -= length;
      chars += length;
    }
    if (chars > 0) events.leaveOut(Math.ceil(chars / charsPerRecord));
  };

  return {
    text: (text) => {
      const now = clock.monoNow();
      if (now - turnStartMs > turnMs) turnStartMs = now;
      if (waiting.length === 0 && now - turnStartMs < sliceMs) {
        read(text);
        return;
      }
      waiting.push(text);
      waitingChars += text.length;
      makeRoom();
      ask();
    },
  };
}

/** The server is trusted with what records say, but a broken text must not end the page. */
function recordsIn(text: string): readonly InspectRecord[] {
  try {
    const all: unknown = JSON.parse(text);
    const list: readonly unknown[] = Array.isArray(all) ? all : [all];
    return list.filter(isRecord);
  } catch {
    return [];
  }
}

const fieldsOf: { readonly [type: string]: readonly string[] } = {
  '@xstate.actor': ['sessionId', 'name', 'machine', 'snapshot'],
  '@xstate.snapshot': ['sessionId', 'machine', 'event', 'snapshot', 'fired'],
  '@natskeeper.message': ['from', 'to', 'name'],
  '@natskeeper.status': ['status'],
  '@natskeeper.dropped': ['of', 'count'],
};

function isRecord(value: unknown): value is InspectRecord {
  if (typeof value !== 'object' || value === null) return false;
  if (!('type' in value) || typeof value.type !== 'string') return false;
  return fieldsOf[value.type]?.every((field) => field in value) ?? false;
}
