/** Ports that tests choose: what several servers share out among them is given to nobody else. */

import { expect, test } from 'vitest';
import { freePort } from '../support/free-port.ts';
import { portsInARow } from './free-ports.ts';

test('ports in a row are not given out again, one by one', async () => {
  const first = await portsInARow(3);
  const others = [await freePort(), await freePort(), await portsInARow(2)];

  for (const other of others) expect([first, first + 1, first + 2]).not.toContain(other);
});
