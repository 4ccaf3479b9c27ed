/**
 * Where `natskeeper top` gets its figures: over the bus that a zoo.cfg names, as one who only
 * listens, or else by four-letter words at the client ports of its members or of a list.
 */

import { systemClock } from '../actors/clock.ts';
import { silentNotes } from '../actors/note.ts';
import type { Settings } from '../actors/settings.ts';
import { anyHost } from '../protocol/server-spec.ts';
import { hasOpenBus, openBusViewer, viewerSettings } from './bus-viewer.ts';
import type { ConfigInput } from './config.ts';
import { ConfigError } from './config-error.ts';
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
  const settings = viewerSettings(input);
  return hasOpenBus(settings) ? overBus(settings) : wordsOf(clientList(settings));
}

function overBus(settings: Settings): TopSource {
  const { inspection, close } = openBusViewer(settings, silentNotes);
  return new TopBus(inspection, clientAddresses(settings), now, close);
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
