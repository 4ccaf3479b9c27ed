/**
 * The connections of one replica to its bus: three, so that bulk holds up no data, and data no
 * heartbeat. With a busSecret their frames are signed.
 */

import type { BusLinks } from '../actors/bus.ts';
import { systemClock } from '../actors/clock.ts';
import { connectionName } from '../actors/departures.ts';
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
  /** Of the bus's system account: it hears at once that a replica has left. */
  readonly system?: { readonly user: string; readonly pass: string };
}

/** @throws ConfigError when the login cannot be used */
export function openLinks(
  address: BusAddress,
  member: Pick<Settings, 'ensemble' | 'sid' | 'busSecret'>,
  notes: Notes,
): BusLinks {
  const { servers, auth, tls, system } = address;
  const open = (role: string, login: NatsAuth | undefined = auth) =>
    NatsBus.open({
      servers,
      name: connectionName(member.ensemble, member.sid, role),
      ...(login === undefined ? {} : { auth: login }),
      ...(tls === undefined ? {} : { tls }),
      notes,
      clock: systemClock,
      random: systemRandom,
    });
  try {
    const links = { zab: open('zab'), election: open('election'), bulk: open('bulk') };
    const signed = signLinks(links, member, systemClock, notes);
    // What the bus itself says carries no signature of ours.
    return system === undefined ? signed : { ...signed, system: open('system', system) };
  } catch (failure) {
    // A seed or a token that has the right form and is none.
    throw new ConfigError(`the login to the bus cannot be used: ${(failure as Error).message}`);
  }
}
