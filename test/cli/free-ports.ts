/** Ports in a row that nobody listened on a moment ago, for what takes several. */

import { whyNotListen } from '../../cli/port-holder.ts';
import { freePort } from '../support/free-port.ts';

/** The first of them. */
export async function portsInARow(count: number): Promise<number> {
  for (;;) {
    const first = await freePort();
    const ports = Array.from({ length: count }, (_, at) => first + at);
    const problems = await Promise.all(
      ports.map((port) => whyNotListen({ host: '0.0.0.0', port })),
    );
    if (problems.every((problem) => problem === null)) return first;
  }
}
