/**
 * A folder of its own for a test, removed when the test is over.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** To be called inside a test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'natskeeper-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
