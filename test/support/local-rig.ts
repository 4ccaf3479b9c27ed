/**
 * One local session of replica 1 and its client: what is submitted for it waits until the test has
 * it agreed upon.
 */

import type { PendingRequest } from '../../actors/pending-request.ts';
import { Sessions } from '../../actors/sessions.ts';
import { noTap } from '../../actors/tap.ts';
import { Opcode } from '../../protocol/opcode.ts';
import { CreateMode } from '../../protocol/requests.ts';
import { FakeClock } from './fake-clock.ts';
import { FakePort, requestOf } from './fake-port.ts';
import { createBody, Pipeline } from './pipeline.ts';

export const tickMs = 500;
export const origin = 0x0100_0001;

export const opName = (op: number) => Object.entries(Opcode).find(([, code]) => code === op)![0];
export const ephemeralBody = createBody('/e', CreateMode.ephemeral);

export function rig({ mayUpgrade = true, timeoutMs = 10_000 } = {}) {
  const pipeline = new Pipeline({ sessions: [], localSessions: { mayExist: () => true } });
  const { state } = pipeline;
  const clock = new FakeClock();
  const submitted: PendingRequest[] = [];
  const sessions: Sessions = new Sessions(
    state,
    clock,
    { sid: 1, origin, minTimeoutMs: 4000, maxTimeoutMs: 40_000, mayUpgrade, tickMs },
    {
      submit: (request) => void submitted.push(request),
      refuse: (request) => request.port?.reply(request, 0, -112, null),
      note: () => {},
      tap: noTap,
    },
  );
  const port = new FakePort();
  const session = sessions.openLocal(timeoutMs, port);
  clock.endTurn();
  let cxid = 0;
  const request = (op: number, body: Buffer = Buffer.alloc(0)) =>
    requestOf(session.id, ++cxid, op, { ...{ body, port, origin }, isWrite: true });
  const write = (op: number = Opcode.create, body = createBody('/z')) =>
    session.receiveWrite(request(op, body));
  const close = () => session.receiveClose(request(Opcode.closeSession));
  /** The oldest request that was submitted is agreed upon. */
  const apply = () => {
    const next = submitted.shift()!;
    const { zxid, err } = run(pipeline, next);
    const pending = next.origin === origin ? session.beforeApply(next.cxid) : null;
    pending?.port?.reply(pending, zxid, err, null);
    if (next.op === Opcode.createSession) sessions.created(next.session, session.timeoutMs);
    else if (next.op === Opcode.closeSession) sessions.closed(next.session, pending !== null);
    else session.afterApply();
  };
  const asked = () => submitted.map((one) => `${opName(one.op)} ${one.cxid}`);
  const made = { ...{ pipeline, state, clock, submitted, sessions, port, session } };
  return { ...made, ...{ write, close, apply, asked, request } };
}

function run(pipeline: Pipeline, { op, buffer, start, end, session }: PendingRequest) {
  return pipeline.run(op, buffer.subarray(start, end), { session });
}

export const counts = ({ sessions, state }: ReturnType<typeof rig>) => {
  return { local: sessions.local.size, global: state.sessions.size, known: sessions.size };
};
