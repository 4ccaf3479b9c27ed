/**
 * The golden frames as payloads: what real clients sent to a real Apache ZooKeeper 3.8.0. The start
 * of all fuzzing: damage to a sound frame gets deeper into the code than noise does.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FrameKind, GoldenFrame } from './golden/recorder.ts';
import { treeTop } from './tidy-source.ts';

const files = ['frames-3.8.0.json', 'clients-3.8.0.json'];

export function goldenPayloads(kind: FrameKind): Buffer[] {
  return files
    .map((file) => readFileSync(join(treeTop, 'test/support/golden', file), 'utf8'))
    .flatMap((text) => JSON.parse(text) as GoldenFrame[])
    .filter((frame) => frame.kind === kind)
    .map((frame) => Buffer.from(frame.hex, 'hex'));
}
