/**
 * Client requests on their way to the leader: the frame that a learner makes of all requests of a
 * turn, and what the leader reads out of it.
 *
 * Per request: long session, int cxid, int op, boolean isSuper, int number of identities, scheme
 * and id of each, the body with its length.
 */

import type { JuteReader, JuteWriter } from '../protocol/jute.ts';
import { sessionIdFromHalves } from '../protocol/session-id.ts';
import type { Caller } from '../storage/caller.ts';
import type { WriteRequest } from '../storage/prepare.ts';
import type { PendingRequest } from './pending-request.ts';

export function writeRequest(writer: JuteWriter, request: PendingRequest): void {
  const { caller } = request;
  writer.halves(request.sessionHigh, request.sessionLow).int(request.cxid).int(request.op);
  writer.int(request.origin).boolean(caller.isSuper).int(caller.ids.length);
  for (const { scheme, id } of caller.ids) writer.string(scheme).string(id);
  writer.slice(request.buffer, request.start, request.end);
}

/** A request as the leader sees it; used again for the next one. */
export class ForwardedRequest implements WriteRequest {
  session = '';
  sessionHigh = 0;
  sessionLow = 0;
  cxid = 0;
  op = 0;
  origin = 0;
  caller: Caller = { ids: [], isSuper: false };
  buffer: Buffer = Buffer.alloc(0);
  start = 0;
  end = 0;
  time = 0;
  fault = 0;

  /**
   * Hands on each request of a frame. `heard` is told of those that may ask, once for each run of
   * requests: their clients live, whether or not the learner lives to say so.
   * @throws JuteError when the bytes are not requests
   */
  readAll(
    reader: JuteReader,
    { take, heard }: { take(request: ForwardedRequest): void; heard(session: string): void },
  ): void {
    let last = '';
    while (reader.remaining > 0) {
      take(this.read(reader));
      if (this.fault !== 0 || this.session === last) continue;
      last = this.session;
      heard(last);
    }
  }

  /** @throws JuteError when the bytes are not a request */
  read(reader: JuteReader): this {
    reader.long();
    this.sessionHigh = reader.high;
    this.sessionLow = reader.low;
    this.session = sessionIdFromHalves(reader.high, reader.low);
    this.cxid = reader.int();
    this.op = reader.int();
    this.origin = reader.int();
    const isSuper = reader.boolean();
    const ids: { scheme: string; id: string }[] = [];
    for (let left = reader.int(); left > 0; left--) {
      ids.push({ scheme: reader.string() ?? '', id: reader.string() ?? '' });
    }
    this.caller = { ids, isSuper };
    reader.range();
    this.buffer = reader.buffer;
    this.start = reader.start;
    this.end = reader.stop;
    this.fault = 0;
    return this;
  }
}
