/**
 * Looks at an ensemble over the bus that a zoo.cfg names, as one who is no member: for the console
 * by itself and for `top`. Whose file it is does not matter.
 */

import { systemClock } from '../actors/clock.ts';
import { EnsembleInspection } from '../actors/inspect/ensemble-inspection.ts';
import type { Notes } from '../actors/note.ts';
import { systemRandom } from '../actors/random.ts';
import { isDistributed, type Settings } from '../actors/settings.ts';
import { busAddressOf } from './bus-config.ts';
import { type ConfigInput, loadSettings } from './config.ts';
import { openLinks } from './links.ts';

export interface BusViewer {
  readonly inspection: EnsembleInspection;
  close(): Promise<void>;
}

/** The settings of a zoo.cfg, on a machine that need not be a member. */
export function viewerSettings(input: ConfigInput): Settings {
  const env = { ZOO_MY_ID: firstMember(input), ...input.env };
  return loadSettings({ ...input, env }).settings;
}

/** Can it be looked at over a bus? One that members bring along lets in nobody else. */
export function hasOpenBus(settings: Settings): boolean {
  return isDistributed(settings) && settings.natsUrl !== null;
}

export function openBusViewer(settings: Settings, notes: Notes): BusViewer {
  const { ensemble, busSecret } = settings;
  const links = openLinks(busAddressOf(settings)!, { ensemble, busSecret, sid: 0 }, notes);
  const inspection = new EnsembleInspection({
    ...{ ensemble, own: null, clock: systemClock, random: systemRandom },
    // What is seen must hold up neither data nor heartbeats.
    bus: links.bulk,
  });
  return {
    inspection,
    async close() {
      inspection.close();
      const { zab, election, bulk, system } = links;
      await Promise.all([zab, election, bulk, system].map((bus) => bus?.close()));
    },
  };
}

/** In case that this machine has no file myid. */
function firstMember({ file, readFile, exists }: ConfigInput): string {
  const text = file !== null && exists(file) ? readFile(file) : '';
  return /^\s*server\.(\d+)\s*=/m.exec(text)?.[1] ?? '1';
}
