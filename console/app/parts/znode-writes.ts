/**
 * Writes of this page: sent with the credentials that were typed in, remembered with what takes
 * them back, and taken back step by step.
 */

import { useEffect, useReducer } from 'preact/hooks';
import type { ZnodeView } from '../../../protocol/inspection.ts';
import { after } from '../clock.ts';
import { ask, type WriteBody, type Written, write } from '../live.ts';
import {
  type Change,
  remembered,
  type UndoStep,
  undoFault,
  type ZnodeWrite,
} from '../logic/znode-change.ts';
import { sentenceOf } from './asked.ts';

/** The replica that is asked may be behind the one that wrote. */
const looksMax = 4;
const lookAgainMs = 400;

class ZnodeWrites {
  /** `scheme:credentials`, kept in this page only. */
  auth = '';
  changes: readonly Change[] = [];
  readonly #listeners = new Set<() => void>();

  /** @throws ApiError, whose message may be shown */
  make(body: ZnodeWrite): Promise<Written> {
    const at = this.auth.indexOf(':');
    if (at <= 0) return write(body);
    const auth = { scheme: this.auth.slice(0, at), credentials: this.auth.slice(at + 1) };
    const whole: WriteBody = { ...body, auth };
    return write(whole);
  }

  remember(change: Change): void {
    this.#show(remembered(this.changes, change));
  }

  /** Takes a change back, the last step first; why it ended, and what is left to take back. */
  async undo(
    change: Change,
    sid: number,
  ): Promise<{ readonly fault: string | null; readonly rest: Change | null }> {
    let left = change.steps;
    let fault: string | null = null;
    while (left.length > 0 && fault === null) {
      const step = left.at(-1)!;
      fault = await this.#undoStep(step, sid);
      if (fault === null) left = left.slice(0, -1);
    }
    const rest = left.length === 0 ? null : { ...change, steps: left };
    const kept = rest === null ? [] : [rest];
    this.#show(this.changes.flatMap((each) => (each === change ? kept : [each])));
    return { fault, rest };
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  async #undoStep(step: UndoStep, sid: number): Promise<string | null> {
    try {
      let fault: string | null = null;
      for (let look = 0; look < looksMax; look++) {
        if (look > 0) await new Promise<void>((done) => void after(lookAgainMs, done));
        fault = undoFault(step, await lookAt(sid, step.write.path));
        if (fault === null) break;
      }
      if (fault === null) await this.make(step.write);
      return fault;
    } catch (failure) {
      return sentenceOf(failure);
    }
  }

  #show(changes: readonly Change[]): void {
    this.changes = changes;
    for (const listener of this.#listeners) listener();
  }
}

export const writes = new ZnodeWrites();

export function lookAt(sid: number, path: string): Promise<ZnodeView | null> {
  return ask(sid, { what: 'znode', path, viewer: 'world' });
}

/** The changes that can be taken back, the newest first. */
export function useChanges(): readonly Change[] {
  const [, again] = useReducer((count: number) => count + 1, 0);
  useEffect(() => writes.subscribe(() => again(undefined)), []);
  return writes.changes;
}
