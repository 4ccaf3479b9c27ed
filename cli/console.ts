/**
 * `natskeeper console`: the page by itself, without a replica, over the bus that a zoo.cfg names.
 * It listens to what the replicas say there and asks them; it is no member and votes for nothing.
 */

import { isDistributed, type Settings } from '../actors/settings.ts';
import { hasOpenBus, openBusViewer, viewerSettings } from './bus-viewer.ts';
import type { ConfigInput } from './config.ts';
import { ConfigError } from './config-error.ts';
import { serveConsole } from './console-part.ts';
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
  const viewer = openBusViewer(settings, notes);
  const port = settings.console.port ?? usualConsolePort;
  const part = { inspection: viewer.inspection, settings: settings.console, notes };
  try {
    const running = await serveConsole(part, port);
    await stopSignal();
    await running.close();
    return exitStopped;
  } catch (failure) {
    throw new ConfigError((failure as Error).message);
  } finally {
    await viewer.close();
  }
}

/** @throws ConfigError when there is no bus to look over */
export function consoleSettings(input: ConfigInput, options: ConsoleOptions): Settings {
  const { port, address, tokenFile } = options;
  const settings = viewerSettings({
    ...input,
    overrides: {
      ...input.overrides,
      // The port of the file is that of a replica's own console.
      'console.port': port ?? String(usualConsolePort),
      ...(address === undefined ? {} : { 'console.address': address }),
      ...(tokenFile === undefined ? {} : { 'console.token': '', 'console.tokenFile': tokenFile }),
    },
  });
  if (hasOpenBus(settings)) return settings;
  const source = input.file ?? 'configuration';
  const reason = isDistributed(settings)
    ? 'this ensemble brings its own bus, on which only its replicas can log in'
    : 'one replica alone has no bus to listen to';
  throw new ConfigError(`${source}: ${reason}; valid: console.port in the zoo.cfg of a replica`);
}

function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    process.once('SIGTERM', () => resolve());
    process.once('SIGINT', () => resolve());
  });
}
