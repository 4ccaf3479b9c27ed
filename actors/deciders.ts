/**
 * What only one replica of an ensemble decides, the leader or a standalone one: that sessions have
 * expired, and that containers and TTL znodes may go.
 */

import type { Tree } from '../storage/tree.ts';
import { expiriesPerTick, stallTicks } from './clients.ts';
import type { Clock } from './clock.ts';
import { ContainerChecker } from './container-checker.ts';
import type { PendingRequest } from './pending-request.ts';
import { SessionTracker } from './session-tracker.ts';
import type { Sessions } from './sessions.ts';
import type { Settings } from './settings.ts';
import type { Tap } from './tap.ts';

export class Deciders {
  readonly tracker: SessionTracker;
  readonly #containers: ContainerChecker;

  constructor(
    settings: Settings,
    parts: { readonly sessions: Sessions; readonly tree: Tree; readonly clock: Clock },
    submit: (request: PendingRequest) => void,
    tap: Tap,
  ) {
    const { sessions, tree, clock } = parts;
    const tickMs = settings.tickTimeMs / expiriesPerTick;
    this.tracker = new SessionTracker(sessions, clock, { tickMs, stallTicks }, tap);
    this.#containers = new ContainerChecker(
      tree,
      clock,
      {
        intervalMs: settings.containerCheckIntervalMs,
        deletesPerMinuteMax: settings.containerDeletesPerMinuteMax,
        neverUsedMsMax: settings.containerNeverUsedIntervalMsMax,
      },
      submit,
    );
  }

  start(): void {
    this.tracker.start();
    this.#containers.start();
  }

  stop(): void {
    this.tracker.stop();
    this.#containers.stop();
  }
}
