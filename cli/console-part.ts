/**
 * The console as the command line runs it: in a replica's process, by itself, or in the demo. Puts
 * the server together from the settings, the folders of the page, and a writer over our own client.
 */

import { systemClock } from '../actors/clock.ts';
import type { Inspection } from '../actors/inspect/inspection.ts';
import type { Notes } from '../actors/note.ts';
import { systemFacts } from '../actors/process-facts.ts';
import type { ConsoleSettings } from '../actors/settings.ts';
import { type RunningConsole, startConsoleServer } from '../console/server/console-server.ts';
import type { DemoControl } from '../console/server/demo-control.ts';
import { appFolder, drawingsFolder } from '../console/server/folders.ts';
import { ClientWriter } from '../console/server/znode-writer.ts';

export interface ConsolePart {
  readonly inspection: Inspection;
  readonly settings: ConsoleSettings;
  /** Only of the demo ensemble. */
  readonly demo?: DemoControl;
  readonly notes: Notes;
}

/** Rejects when it cannot listen; says where it does. */
export async function serveConsole(part: ConsolePart, port: number): Promise<RunningConsole> {
  const { inspection, settings, demo = null, notes } = part;
  const { address, token, tokenExpiresMs, allowedHosts } = settings;
  const running = await startConsoleServer({
    inspection,
    address,
    port,
    appFolder,
    drawingsFolder,
    token,
    tokenExpiresMs,
    allowedHosts,
    // Nobody could use it without a token.
    writer: token === null ? null : new ClientWriter(inspection, systemClock),
    demo,
    notes,
    version: systemFacts.version,
    clock: systemClock,
  });
  const host = address.includes(':') ? `[${address}]` : address;
  notes.info('console is up', { url: `http://${host}:${running.port}/` });
  return running;
}
