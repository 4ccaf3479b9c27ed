/**
 * The console's own server before an ensemble that does a thousand things in each millisecond: more
 * than the server sends, and that is still more than a person can look at.
 */

import { join } from 'node:path';
import { silentNotes } from '../../actors/note.ts';
import { type RunningConsole, startConsoleServer } from '../../console/server/console-server.ts';
import type { InspectRecord } from '../../protocol/inspection.ts';
import { FakeInspection } from '../console/fake-inspection.ts';
import { frameRecord, statusRecord, stepRecord } from '../console/inspect-records.ts';
import { treeTop } from '../support/tidy-source.ts';

const build = process.env['NATSKEEPER_BUILD'] ?? join(treeTop, 'dist');
const tickMs = 10;
const recordsPerMs = 1_000;
const batch = 10_000;
/** Of a tick, records that are made for it; what can pass the server's bounds is among them. */
const freshPerTick = 500;
const statusMs = 500;

export class FloodServer {
  /** Records that the ensemble made so far. */
  made = 0;
  readonly #inspection = new FakeInspection();
  readonly #console: RunningConsole;
  readonly #startedMs = performance.now();
  #seq = 0;
  #statusAtMs = 0;
  /** What is more than can pass is the same again and again: the server throws it away unread. */
  readonly #rest: readonly InspectRecord[];
  #flooding: NodeJS.Timeout | null;
  readonly #speaking: NodeJS.Timeout;

  private constructor(running: RunningConsole, inspection: FakeInspection) {
    this.#console = running;
    this.#inspection = inspection;
    this.#rest = this.#records(batch);
    this.#flooding = setInterval(() => this.#flood(), tickMs);
    this.#speaking = setInterval(() => this.#speak(), tickMs);
  }

  static async start(): Promise<FloodServer> {
    const inspection = new FakeInspection();
    const running = await startConsoleServer({
      inspection,
      address: '127.0.0.1',
      port: 0,
      appFolder: join(build, 'console/app'),
      drawingsFolder: join(build, 'console/drawings'),
      token: null,
      writer: null,
      demo: null,
      notes: silentNotes,
      version: '0',
    });
    return new FloodServer(running, inspection);
  }

  get origin(): string {
    return `http://127.0.0.1:${this.#console.port}`;
  }

  /** From now on only what replicas say of themselves each half second. */
  calm(): void {
    if (this.#flooding !== null) clearInterval(this.#flooding);
    this.#flooding = null;
  }

  async stop(): Promise<void> {
    this.calm();
    clearInterval(this.#speaking);
    await this.#console.close();
  }

  #flood(): void {
    this.#inspection.emit(...this.#records(freshPerTick));
    // A tick that comes late brings more.
    const due = (performance.now() - this.#startedMs) * recordsPerMs;
    for (; this.made < due; this.made += batch) this.#inspection.emit(...this.#rest);
  }

  #speak(): void {
    const atMs = Date.now();
    if (atMs - this.#statusAtMs < statusMs) return;
    this.#statusAtMs = atMs;
    for (const sid of this.#inspection.members) {
      const mode = sid === 1 ? 'leader' : 'follower';
      this.#inspection.emit({ ...statusRecord(sid, atMs, { mode }), seq: ++this.#seq });
    }
  }

  #records(count: number): InspectRecord[] {
    const when = { atMs: Date.now() };
    return Array.from({ length: count }, (_, at) => {
      const seq = ++this.#seq;
      if (at % 2 === 0) return frameRecord('PROPOSAL', 2, 1, { ...when, seq });
      return stepRecord('leader', { ruling: 'broadcasting' }, { ...when, seq });
    });
  }
}
