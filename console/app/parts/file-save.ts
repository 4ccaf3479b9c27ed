/** Hands bytes or text to the browser as a file to keep. Never opened: only saved. */

import { after } from '../clock.ts';

/** Long enough for the browser to have begun. */
const keptMs = 10_000;

export function saveFile(name: string, content: Uint8Array<ArrayBuffer> | string): void {
  const address = URL.createObjectURL(new Blob([content], { type: 'application/octet-stream' }));
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  after(keptMs, () => URL.revokeObjectURL(address));
}
