/**
 * Where `natskeeper top` gets its figures: over the bus that a zoo.cfg names, as one who only
 * listens, or else by four-letter words at the client ports of its members or of a list.
 */

import { systemClock } from '../actors/clock.ts';
import { EnsembleInspection } from '../actors/inspect/ensemble-inspection.ts';
import { silentNotes } from '../actors/note.ts';
import { systemRandom } from '../actors/random.ts';
import { isDistributed, type Settings } from '../actors/settings.ts';
import { anyHost } from '../protocol/server-spec.ts';
import { busAddressOf } from './bus-config.ts';
import { type ConfigInput, loadSettings } from './config.ts';
import { ConfigError } from './config-error.ts';
import { openLinks } from './links.ts';
import { TopBus } from './top-bus.ts';
import type { TopSource } from './top-view.ts';
import { TopWords } from './top-words.ts';

const now = (): number => systemClock.monotonicMs();

/** @throws ConfigError when the configuration, or the list, names nobody to look at */
export function openTopSource(input: ConfigInput | null, servers: string | null): TopSource {
  if (servers !== null) return wordsOf(servers);
  if (input === null) {
    throw new ConfigError('command line: valid: --config zoo.cfg, or --servers host:port,…');
  }
  const { settings } = loadSettings({
    ...input,
    // Whose file it is does not matter, and this machine need not be a member.
    env: { ZOO_MY_ID: firstMember(input), ...input.env },
  });
  const isOnBus = isDistributed(settings) && settings.natsUrl !== null;
  return isOnBus ? overBus(settings) : wordsOf(clientList(settings));
}

function overBus(settings: Settings): TopSource {
  const { ensemble, busSecret } = settings;
  const links = openLinks(busAddressOf(settings)!, { ensemble, busSecret, sid: 0 }, silentNotes);
  const inspection = new EnsembleInspection({
    ensemble,
    own: null,
    bus: links.bulk,
    clock: systemClock,
    random: systemRandom,
  });
  return new TopBus(inspection, clientAddresses(settings), now, async () => {
    inspection.close();
    const { zab, election, bulk, system } = links;
    await Promise.all([zab, election, bulk, system].map((bus) => bus?.close()));
  });
}

function wordsOf(servers: string): TopSource {
  try {
    return new TopWords(servers, now);
  } catch (failure) {
    throw new ConfigError(`--servers: ${(failure as Error).message}`);
  }
}

/** By sid, of the members that have one. */
function clientAddresses({ servers, clientPort }: Settings): Map<number, string> {
  const found = new Map<number, string>();
  for (const { sid, clientAddress, addresses } of servers) {
    const port = clientAddress?.port ?? clientPort;
    if (port === null) continue;
    const named = clientAddress?.host;
    const host = named === undefined || named === anyHost ? addresses[0]!.host : named;
    found.set(sid, joined(host, port));
  }
  return found;
}

/** Of all members, or of the one that is alone. */
function clientList(settings: Settings): string {
  const { clientPort, clientPortAddress } = settings;
  const listed = [...clientAddresses(settings).values()];
  if (listed.length > 0) return listed.join(',');
  if (clientPort !== null) return joined(clientPortAddress ?? '127.0.0.1', clientPort);
  throw new ConfigError('the configuration names no client port; valid: --servers host:port,…');
}

function joined(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

function firstMember({ file, readFile, exists }: ConfigInput): string {
  const text = file !== null && exists(file) ? readFile(file) : '';
  return /^\s*server\.(\d+)\s*=/m.exec(text)?.[1] ?? '1';
}
