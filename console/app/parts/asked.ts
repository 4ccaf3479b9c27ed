/**
 * An answer that a page shows and keeps fresh: asked again every so often while the page is in
 * view. When asking fails, what was last known stays, with its age and the reason.
 */

import { useEffect, useReducer, useRef } from 'preact/hooks';
import { every, wallNow } from '../clock.ts';
import { ageText } from '../figures.ts';

export interface Asked<T> {
  /** The last answer; null before the first. */
  readonly value: T | null;
  /** What the value answers. */
  readonly valueKey: string | null;
  readonly error: string | null;
  readonly atMs: number | null;
  readonly again: () => void;
}

interface Held<T> {
  value: T | null;
  valueKey: string | null;
  error: string | null;
  atMs: number | null;
}

/** Asks when `key` changes, and every `everyMs` (null: only when `again` is called). */
export function useAsked<T>(key: string, load: () => Promise<T>, everyMs: number | null): Asked<T> {
  const [, render] = useReducer((count: number) => count + 1, 0);
  const held = useRef<Held<T>>({ value: null, valueKey: null, error: null, atMs: null });
  const latest = useRef({ key, load });
  latest.current = { key, load };
  const underWay = useRef<string | null>(null);

  const run = (isTimed: boolean): void => {
    const { key: asking, load: ask } = latest.current;
    // A slow answer is waited for, not asked for twice.
    if (isTimed && (underWay.current === asking || document.hidden)) return;
    underWay.current = asking;
    const settle = (change: Partial<Held<T>>): void => {
      if (latest.current.key !== asking) return;
      underWay.current = null;
      Object.assign(held.current, change);
      render(undefined);
    };
    ask().then(
      (value) => settle({ value, valueKey: asking, error: null, atMs: wallNow() }),
      (failure: unknown) => settle({ error: sentenceOf(failure) }),
    );
  };

  useEffect(() => {
    held.current.error = null;
    run(false);
    return everyMs === null ? undefined : every(everyMs, () => run(true));
  }, [key, everyMs]);
  return { ...held.current, again: () => run(false) };
}

export const sentenceOf = (failure: unknown): string =>
  failure instanceof Error ? failure.message : String(failure);

/** `as of 12 s ago: The server does not answer.`; empty while all is well. */
export function staleText({ error, atMs }: Asked<unknown>): string {
  if (error === null) return '';
  return atMs === null ? error : `as of ${ageText(wallNow() - atMs)} ago: ${error}`;
}
