/**
 * The segments of a log as they lie in their directory, oldest first. Each names the one behind it,
 * so that a lost one is missed. A crash may have come between a change that makes segments void (a
 * cut in an older one, a restart in a new one) and their removal: it is finished here, before
 * anything of them is believed.
 */

import { readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { assert } from '../protocol/assert.ts';
import { discarded, makeDirectory } from './directory.ts';
import { discardSegment, LogSegment, segmentPath, segmentPattern } from './log-segment.ts';
import { remedy, StorageError } from './storage-error.ts';

/**
 * Opens all segments that count, a first one if there is none, each for about `bytesMax`. To be
 * closed by the caller.
 * @throws StorageError when one is missing or cannot be used
 */
export async function openChain(directory: string, bytesMax: number): Promise<LogSegment[]> {
  makeDirectory(directory);
  const names = readdirSync(directory);
  for (const name of names.filter((name) => name.endsWith(discarded))) {
    await rm(join(directory, name), { force: true });
  }
  const numbers = names
    .map((name) => segmentPattern.exec(name)?.[1])
    .filter((digits) => digits !== undefined)
    .map(Number)
    .sort((a, b) => a - b);
  if (numbers.length === 0) return [await LogSegment.open(directory, 1, bytesMax)];
  const segments: LogSegment[] = [];
  try {
    for (const number of numbers) {
      const segment = await LogSegment.open(directory, number, bytesMax);
      segments.push(segment);
      // What follows is void: it is not even opened.
      if (segment.isCut) break;
    }
    await finishCut(directory, numbers, segments);
    await finishRestart(segments);
    assert(segments.length > 0, 'log: a restart leaves the segment that it began');
    await checkChain(directory, segments);
    return segments;
  } catch (failure) {
    for (const segment of segments) await segment.close();
    throw failure;
  }
}

/** Youngest first: what is left after another crash is still without a hole. */
async function finishCut(
  directory: string,
  numbers: readonly number[],
  segments: readonly LogSegment[],
): Promise<void> {
  const newest = segments.at(-1)!;
  if (!newest.isCut) return;
  for (const number of numbers.toReversed()) {
    if (number > newest.number) await discardSegment(segmentPath(directory, number));
  }
  await newest.endCut();
}

/** Oldest first, for the same reason. */
async function finishRestart(segments: LogSegment[]): Promise<void> {
  const first = Math.max(...segments.map(({ start }) => start.segment));
  while (segments[0]!.number < first) {
    await segments[0]!.discard();
    segments.shift();
  }
}

/** Each segment names the one behind it; a crash may have come before that was written. */
async function checkChain(directory: string, segments: readonly LogSegment[]): Promise<void> {
  for (const [index, segment] of segments.entries()) {
    const following = segments[index + 1]?.number;
    const isNamed = segment.next !== null;
    if (following === undefined ? isNamed : following !== segment.number + 1) {
      throw new StorageError(
        `${directory}: segment ${segment.number + 1} of the log is missing; ${remedy}`,
      );
    }
    if (following !== undefined && !isNamed) await segment.writeNext(following);
  }
}
