/**
 * A stop under load: what was read before it is finished and answered, what comes after it is not
 * read, so that clients that never pause cannot keep a replica from ending.
 */

import { expect, test } from 'vitest';
import { connect } from '../../client/client.ts';
import { HeldLog } from '../support/held-log.ts';
import { startReplica } from '../support/replica.ts';

test('a replica that drains answers what it has read and reads no more', async () => {
  const log = new HeldLog();
  const running = await startReplica({ stores: (opened) => ({ ...opened, log }) });
  const { replica } = running;
  const client = await connect(`127.0.0.1:${running.port}`, { random: () => 0 });
  log.isHeld = true;
  const first = client.create('/read-before-the-stop', 'x');
  while (replica.clients.outstanding === 0) await turn();

  const stopped = replica.stop();
  const second = client.create('/sent-after-the-stop', 'x');
  second.catch(() => {});
  // Time enough for the bytes to be read, if anybody did.
  for (let turns = 0; turns < 50; turns++) await turn();
  const [connection] = replica.clients.connections.all();

  expect(connection?.stateName).toBe('serving.stalled');
  expect(replica.clients.outstanding).toBe(1);

  log.flush();
  await stopped;

  expect(await first).toBe('/read-before-the-stop');
  expect(replica.state.tree.findPath('/sent-after-the-stop')).toBe(-1);
  await client.close();
  await running.remove();
});

const turn = () => new Promise((resolve) => setImmediate(resolve));
