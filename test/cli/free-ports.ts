/** Ports in a row that nobody listened on a moment ago, for what takes several. */

import { freePort } from '../support/free-port.ts';

/** The first of them; none of them is given out by `freePort` afterwards. */
export async function portsInARow(count: number): Promise<number> {
  for (;;) {
    const ports: number[] = [];
    while (ports.length < count) ports.push(await freePort());
    const first = ports[0]!;
    if (ports.every((port, at) => port === first + at)) return first;
  }
}
