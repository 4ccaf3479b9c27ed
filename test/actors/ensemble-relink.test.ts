/** A follower that begins a new link to the leader that it followed: nothing is done twice. */

import { expect, test } from 'vitest';
import { PacketKind } from '../../protocol/packet.ts';
import type { LogStore } from '../../storage/log-store.ts';
import { TestEnsemble } from '../support/ensemble.ts';

/** The same log, whose appends wait while `until` says so. */
function slowed(log: LogStore, until: () => Promise<void>): LogStore {
  return new Proxy(log, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      if (name !== 'append') return value.bind(target);
      return async (frame: Buffer) => {
        const isOpen = until();
        await target.append(frame);
        await isOpen;
      };
    },
  });
}

test('what was gathered for a slow log is not asked for anew over the next link', async () => {
  const gates = new Map<number, Promise<void>>();
  const ensemble = await TestEnsemble.start({
    stores: (opened, sid) => ({
      ...opened,
      log: slowed(opened.log, () => gates.get(sid) ?? Promise.resolve()),
    }),
  });
  const [leader, follower] = [ensemble.leader!.sid, ensemble.followers[0]!.sid];
  const client = await ensemble.client(follower);
  await client.create('/all');

  let open = (): void => undefined;
  gates.set(leader, new Promise<void>((done) => (open = done)));
  // The first one waits for the leader's log, the second one for the first.
  let requests = 0;
  let isLost = false;
  ensemble.loses = ({ kind, from, to }) => {
    if (kind === PacketKind.requests && from === follower) requests++;
    const isIt = !isLost && kind === PacketKind.propose && to === follower;
    isLost ||= isIt;
    return isIt;
  };
  const writes = [client.create('/all/a', '')];
  await ensemble.until('the first is lost', () => isLost);
  writes.push(client.create('/all/b', ''));
  await ensemble.until('the second is on its way', () => requests === 2);
  const said = ensemble.lines.length;
  const linked = () => ensemble.lines.slice(said).filter((line) => line.includes('established'));
  await ensemble.until('a new link', () => linked().length > 0);
  open();
  gates.clear();

  await Promise.all(writes);
  await ensemble.agreement();
  expect((await client.getChildren('/all')).children.sort()).toEqual(['a', 'b']);
  expect(ensemble.aborted).toEqual([]);
});
