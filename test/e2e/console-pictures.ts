/**
 * Pictures of the console's pages: with `NATSKEEPER_SCREENSHOTS=1` those of the documentation,
 * otherwise into a folder that is thrown away. None of them may be blank.
 */

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { treeTop } from '../support/tidy-source.ts';
import type { ConsolePage } from './console-page.ts';
import { distinctLines } from './png.ts';

const isKept = process.env['NATSKEEPER_SCREENSHOTS'] === '1';
/** An empty page has a header and frames. */
const linesMin = 100;

export class ConsolePictures {
  readonly #folder = isKept
    ? join(treeTop, 'docs/console')
    : mkdtempSync(join(tmpdir(), 'natskeeper-pictures-'));

  constructor() {
    mkdirSync(this.#folder, { recursive: true });
  }

  /** As it is now. */
  async take({ page }: ConsolePage, name: string): Promise<void> {
    // A pointer left over something would light it.
    await page.mouse.move(0, 0);
    const path = join(this.#folder, `${name}.png`);
    const png = await page.screenshot({ path, animations: 'disabled' });
    expect(distinctLines(png), `lines of ${name}.png`).toBeGreaterThan(linesMin);
  }

  remove(): void {
    if (!isKept) rmSync(this.#folder, { recursive: true, force: true });
  }
}
