/**
 * `natskeeper console`: the page by itself, without a replica, over the bus that a zoo.cfg names.
 * It listens to what the replicas say there and asks them; it is no member and votes for nothing.
 */

import type { BusLinks } from '../actors/bus.ts';
import { systemClock } from '../actors/clock.ts';
import { EnsembleInspection } from '../actors/inspect/ensemble-inspection.ts';
import { systemRandom } from '../actors/random.ts';
import { isDistributed, type Settings } from '../actors/settings.ts';
import { busAddressOf } from './bus-config.ts';
import { type ConfigInput, loadSettings } from './config.ts';
import { ConfigError } from './config-error.ts';
import { serveConsole } from './console-part.ts';
import { openLinks } from './links.ts';
import { makeNotes } from './notes.ts';

export interface ConsoleOptions {
  readonly port?: string;
  readonly address?: string;
  readonly tokenFile?: string;
}

export const usualConsolePort = 8090;
const exitStopped = 0;

/** Runs until it is stopped by a signal; resolves to the exit code. */
export async function runConsole(input: ConfigInput, options: ConsoleOptions): Promise<number> {
  const settings = consoleSettings(input, options);
  const notes = makeNotes({ ...settings, sid: 0 });
  const address = busAddressOf(settings)!;
  const links = openLinks(address, { ...settings, sid: 0 }, notes);
  const inspection = new EnsembleInspection({
    ensemble: settings.ensemble,
    own: null,
    // What is seen must hold up neither data nor heartbeats.
    bus: links.bulk,
    clock: systemClock,
    random: systemRandom,
  });
  const port = settings.console.port ?? usualConsolePort;
  try {
    const running = await serveConsole({ inspection, settings: settings.console, notes }, port);
    await stopSignal();
    await running.close();
    return exitStopped;
  } catch (failure) {
    throw new ConfigError((failure as Error).message);
  } finally {
    inspection.close();
    await closeLinks(links);
  }
}

/** The settings of a zoo.cfg, for somebody who is no member: which one it is of does not matter. */
export function consoleSettings(input: ConfigInput, options: ConsoleOptions): Settings {
  const { port, address, tokenFile } = options;
  const { settings } = loadSettings({
    ...input,
    env: { ZOO_MY_ID: firstMember(input), ...input.env },
    overrides: {
      ...input.overrides,
      // The port of the file is that of a replica's own console.
      'console.port': port ?? String(usualConsolePort),
      ...(address === undefined ? {} : { 'console.address': address }),
      ...(tokenFile === undefined ? {} : { 'console.token': '', 'console.tokenFile': tokenFile }),
    },
  });
  if (isDistributed(settings) && settings.natsUrl !== null) return settings;
  const source = input.file ?? 'configuration';
  const reason = isDistributed(settings)
    ? 'this ensemble brings its own bus, on which only its replicas can log in'
    : 'one replica alone has no bus to listen to';
  throw new ConfigError(`${source}: ${reason}; valid: console.port in the zoo.cfg of a replica`);
}

/** In case that this machine has no file myid. */
function firstMember({ file, readFile, exists }: ConfigInput): string {
  const text = file !== null && exists(file) ? readFile(file) : '';
  return /^\s*server\.(\d+)\s*=/m.exec(text)?.[1] ?? '1';
}

async function closeLinks({ zab, election, bulk, system }: BusLinks): Promise<void> {
  await Promise.all([zab, election, bulk, system].map((bus) => bus?.close()));
}

function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    process.once('SIGTERM', () => resolve());
    process.once('SIGINT', () => resolve());
  });
}
