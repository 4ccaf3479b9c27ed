/**
 * The connections of one replica to its bus: three, so that bulk holds up no data, and data no
 * heartbeat. With a busSecret their frames are signed.
 */

import type { BusLinks } from '../actors/bus.ts';
import { systemClock } from '../actors/clock.ts';
import { type NatsAuth, NatsBus, type NatsBusOptions } from '../actors/nats-bus.ts';
import type { Notes } from '../actors/note.ts';
import { systemRandom } from '../actors/random.ts';
import type { Settings } from '../actors/settings.ts';
import { signLinks } from '../actors/signed-bus.ts';
import { ConfigError } from './config-error.ts';

export interface BusAddress {
  /** As a comma list. */
  readonly servers: string;
  readonly auth?: NatsAuth;
  readonly tls?: NatsBusOptions['tls'];
}

/** @throws ConfigError when the login cannot be used */
export function openLinks(
  address: BusAddress,
  member: Pick<Settings, 'ensemble' | 'sid' | 'busSecret'>,
  notes: Notes,
): BusLinks {
  const { servers, auth, tls } = address;
  const open = (role: string) =>
    NatsBus.open({
      servers,
      name: `natskeeper/${member.ensemble}/${member.sid}/${role}`,
      ...(auth === undefined ? {} : { auth }),
      ...(tls === undefined ? {} : { tls }),
      notes,
      clock: systemClock,
      random: systemRandom,
    });
  try {
    const links = { zab: open('zab'), election: open('election'), bulk: open('bulk') };
    return signLinks(links, member, systemClock, notes);
  } catch (failure) {
    // A seed or a token that has the right form and is none.
    throw new ConfigError(`the login to the bus cannot be used: ${(failure as Error).message}`);
  }
}
