/** A tap for tests that look at the steps of hosts, one by one. */

import { Tap } from '../../actors/tap.ts';

type Told = (step: { machine: string; event: string; from: string; to: string }) => void;

/** Each step of every host that has this tap, in order. */
export function tapOf(told: Told): Tap {
  const tap = new Tap({
    began() {},
    stepped({ machine }, { event, from, to }) {
      told({ machine: machine.id, event: event.type, from, to });
    },
    tableStepped() {},
    received() {},
  });
  tap.hosts = true;
  return tap;
}
