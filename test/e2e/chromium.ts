/**
 * The Chromium of this machine, without a window. Where none is installed the tests of the console
 * are skipped, and say why.
 */

import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';

const names = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome'];

/** `NATSKEEPER_CHROMIUM` overrides what is on the PATH. */
export const chromiumPath: string | null = find();

export const whyNoChromium: string | null =
  chromiumPath === null
    ? 'no Chromium is installed: put one on the PATH, or its path into NATSKEEPER_CHROMIUM'
    : null;

/** Close it when it is done with: it is a process of its own. */
export function launchChromium(): Promise<Browser> {
  if (chromiumPath === null) throw new Error(`${whyNoChromium}`);
  const isRoot = process.getuid?.() === 0;
  // Its sandbox refuses root; the pages that are loaded are our own.
  const args = isRoot ? ['--no-sandbox'] : [];
  return chromium.launch({ executablePath: chromiumPath, args });
}

function find(): string | null {
  const given = process.env['NATSKEEPER_CHROMIUM'];
  if (given !== undefined) return isProgram(given) ? given : null;
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  const paths = names.flatMap((name) => folders.map((folder) => join(folder, name)));
  return paths.find(isProgram) ?? null;
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
