/** As much of a PNG as tells whether there is anything to be seen on it. */

import { inflateSync } from 'node:zlib';

const signatureBytes = 8;

/** How many lines of it differ from each other; a blank page has few. */
export function distinctLines(png: Buffer): number {
  const parts: Buffer[] = [];
  for (let at = signatureBytes; at < png.length; ) {
    const length = png.readUInt32BE(at);
    const start = at + 8;
    if (png.toString('latin1', at + 4, start) === 'IDAT') {
      parts.push(png.subarray(start, start + length));
    }
    at = start + length + 4;
  }
  const lines = inflateSync(Buffer.concat(parts));
  // The header's height, as the first chunk has it.
  const lineBytes = lines.length / png.readUInt32BE(signatureBytes + 12);
  const seen = new Set<string>();
  for (let at = 0; at < lines.length; at += lineBytes) {
    seen.add(lines.toString('latin1', at, at + lineBytes));
  }
  return seen.size;
}
