/**
 * The console of the demo ensemble: served by the demo's own process, on loopback only, so that it
 * is there whatever is killed. It looks at the replicas over the bus itself, past the relays, and
 * brings the failure playground along. Nobody has a token: znodes are only read.
 */

import { systemClock } from '../actors/clock.ts';
import { EnsembleInspection } from '../actors/inspect/ensemble-inspection.ts';
import { NatsBus } from '../actors/nats-bus.ts';
import { type Notes, silentNotes } from '../actors/note.ts';
import { systemFacts } from '../actors/process-facts.ts';
import { systemRandom } from '../actors/random.ts';
import { type RunningConsole, startConsoleServer } from '../console/server/console-server.ts';
import type { DemoControl } from '../console/server/demo-control.ts';
import { appFolder, drawingsFolder } from '../console/server/folders.ts';
import { demoEnsembleName } from './demo-replica.ts';
import { whyNotListen } from './port-holder.ts';

const loopback = '127.0.0.1';
const usualPort = 8080;

export interface DemoConsoleOptions {
  readonly demo: DemoControl;
  readonly natsUrl: string;
  /** Null: the usual one, or a free one where that is taken. */
  readonly port: number | null;
  readonly notes: Notes;
}

/** Rejects with an Error that says why it cannot listen. */
export async function startDemoConsole(options: DemoConsoleOptions): Promise<RunningConsole> {
  const { demo, natsUrl, notes } = options;
  const bus = NatsBus.open({
    servers: natsUrl,
    name: 'natskeeper console',
    // The replicas say enough of a bus that was killed.
    notes: silentNotes,
    clock: systemClock,
    random: systemRandom,
  });
  const inspection = new EnsembleInspection({
    ensemble: demoEnsembleName,
    own: null,
    bus,
    clock: systemClock,
    random: systemRandom,
  });
  const closeBus = async (): Promise<void> => {
    inspection.close();
    await bus.close();
  };
  try {
    const running = await startConsoleServer({
      inspection,
      address: loopback,
      port: options.port ?? (await usualOrFree()),
      appFolder,
      drawingsFolder,
      token: null,
      writer: null,
      demo,
      notes,
      version: systemFacts.version,
    });
    return {
      port: running.port,
      async close() {
        await running.close();
        await closeBus();
      },
    };
  } catch (failure) {
    await closeBus();
    throw failure;
  }
}

async function usualOrFree(): Promise<number> {
  const problem = await whyNotListen({ host: loopback, port: usualPort });
  return problem === null ? usualPort : 0;
}
