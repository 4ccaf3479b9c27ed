/**
 * A connection as sessions and the applier see it: notes in one list what it is asked to do.
 */

import { PendingRequest, type ReplyPort } from '../../actors/pending-request.ts';
import { emptyBytes } from '../../protocol/jute.ts';
import { highHalf, lowHalf } from '../../protocol/session-id.ts';
import { nobodyCaller } from './pipeline.ts';

export class FakePort implements ReplyPort {
  readonly seen: string[];
  isOpen = true;

  constructor(seen: string[] = []) {
    this.seen = seen;
  }

  answerRead(request: PendingRequest): void {
    this.seen.push(`read ${request.cxid}`);
  }

  reply(request: PendingRequest, zxid: number, err: number): void {
    this.seen.push(`reply ${request.cxid} zxid ${zxid} err ${err}`);
  }

  sessionGranted(): void {
    this.seen.push('granted');
  }

  sessionEnded(reason: string): void {
    this.seen.push(reason);
  }

  relieve(): boolean {
    return false;
  }
}

export function requestOf(
  session: string,
  cxid: number,
  op: number,
  options: { body?: Buffer; port?: ReplyPort | null; isWrite?: boolean; origin?: number } = {},
): PendingRequest {
  const buffer = options.body ?? emptyBytes;
  return new PendingRequest(
    options.port ?? null,
    { id: session, high: highHalf(session), low: lowHalf(session) },
    {
      ...{ cxid, op, caller: nobodyCaller, buffer, start: 0, end: buffer.length, receivedMs: 0 },
      isWrite: options.isWrite ?? false,
      origin: options.origin ?? 0,
    },
  );
}
