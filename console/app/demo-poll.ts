/**
 * The demo ensemble as its server tells it, asked again and again while the page is visible, and
 * the actions on it: one at a time for each replica, the bus and the load.
 */

import { useEffect, useState } from 'preact/hooks';
import type { DemoStatus } from '../../protocol/demo.ts';
import { every, monoNow } from './clock.ts';
import { notices, request } from './live.ts';

const pollMs = 250;
/** Older than this, and the picture is called stale. */
const staleMs = 2_000;

export interface Demo {
  /** Null until it has come. */
  readonly status: DemoStatus | null;
  /** Since the last answer; null while answers come as they should. */
  readonly silentMs: number | null;
  /** Has this one (`replica 2`, `bus`, `load`) an action under way? */
  isBusy(who: string): boolean;
  act(who: string, action: string, body?: object): void;
}

/** Polls for as long as the component is there. */
export function useDemo(): Demo {
  const [status, setStatus] = useState<DemoStatus | null>(null);
  const [heardMs, setHeardMs] = useState(monoNow);
  const [nowMs, setNowMs] = useState(monoNow);
  const [busy, setBusy] = useState<ReadonlySet<string>>(new Set());
  useEffect(() => {
    let isAsking = false;
    const look = async (): Promise<void> => {
      setNowMs(monoNow());
      if (isAsking || document.hidden) return;
      isAsking = true;
      try {
        setStatus(await request<DemoStatus>('demo'));
        setHeardMs(monoNow());
      } catch {
        // What is shown grows old, and says so.
      } finally {
        isAsking = false;
      }
    };
    void look();
    return every(pollMs, () => void look());
  }, []);
  const act = async (who: string, action: string, body: object = {}): Promise<void> => {
    setBusy((others) => new Set([...others, who]));
    try {
      setStatus(await request<DemoStatus>(`demo/${action}`, body));
    } catch (failure) {
      notices.tell(failure instanceof Error ? failure.message : String(failure));
    } finally {
      setBusy((others) => new Set([...others].filter((other) => other !== who)));
    }
  };
  const silentMs = nowMs - heardMs > staleMs ? nowMs - heardMs : null;
  return {
    status,
    silentMs,
    isBusy: (who) => busy.has(who),
    act: (who, action, body) => void act(who, action, body),
  };
}
