/**
 * Damages a small store in all ways that damage.ts knows, and starts from each. Arguments: scratch
 * folder, number of the first case. Prints a line of JSON for each case that ended, so that the
 * caller can go on behind one that ended the process.
 */

import { existsSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import { basename, join } from 'node:path';
import { StorageError } from '../../storage/storage-error.ts';
import { type Damage, damagedImage, damages, lostCommit, PageHistory } from './damage.ts';
import { Disk } from './disk.ts';
import { type Facts, factsOf } from './facts.ts';
import { writeImage } from './image.ts';
import { parseRecord } from './record.ts';
import { rawRecord } from './recording.ts';
import { damagedStore } from './snapshot-scenarios.ts';

export interface DamageCase {
  readonly index: number;
  readonly path: string;
  readonly kind: string;
  readonly page: number;
  /** What it came to: `recovered`, `refused`, `lostCommit`, or what is wrong with it. */
  readonly outcome: string;
}

const metaPages = 2;

const [scratch, first] = process.argv.slice(2);
const directory = join(scratch!, 'started');
const { segmentBytes } = damagedStore;

/** Recorded once, also for those who go on. */
function records() {
  const kept = join(scratch!, 'kept-record');
  if (!existsSync(kept)) {
    const top = join(scratch!, 'recorded');
    writeFileSync(kept, rawRecord(scratch!, 'scenario-process.ts', ['damagedStore'], top));
  }
  return parseRecord(readFileSync(kept));
}

/** An older snapshot is as good as long as the log behind it is there. */
function comparable({ lateFaults: _, snapshotZxid: __, ...rest }: Facts): Compared {
  return rest;
}
type Compared = Omit<Facts, 'lateFaults' | 'snapshotZxid'>;

/**
 * With an older version in place of the younger meta page the file is, bit by bit, what a crash
 * before its last commit leaves: no file can tell the two apart by itself.
 */
function isOneCommitAgo(found: Compared, { page, kind }: Damage): boolean {
  if (page >= metaPages || !kind.includes('stale')) return false;
  const { frames } = JSON.parse(sound) as Compared;
  const isPrefix = found.frames.every(({ digest }, at) => digest === frames[at]?.digest);
  return isPrefix && frames.length - found.frames.length <= 1;
}

async function outcomeOf(disk: Disk, damage: Damage): Promise<string> {
  writeImage(directory, damagedImage(disk, damage));
  try {
    const facts = await factsOf(directory, segmentBytes, { goesOn: true });
    if (facts.lateFaults.length > 0) return `went on, and then: ${facts.lateFaults}`;
    const found = comparable(facts);
    if (JSON.stringify(found) === sound) return 'recovered';
    if (isOneCommitAgo(found, damage)) return lostCommit;
    return `serves other data: ${differing(found)}`;
  } catch (failure) {
    if (!(failure instanceof StorageError)) return `no StorageError: ${failure}`;
    const isNamed = failure.message.includes(basename(damage.path));
    return isNamed ? 'refused' : `refused without its name: ${failure.message.slice(0, 90)}`;
  }

  function differing(found: object): string {
    const expected = JSON.parse(sound) as Record<string, unknown>;
    return Object.entries(found)
      .filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(expected[name]))
      .map(([name, value]) => `${name} ${JSON.stringify(value).slice(0, 80)}`)
      .join(', ');
  }
}

const disk = new Disk();
const history = new PageHistory();
for (const record of records()) {
  history.note(record, disk);
  if (record.kind !== 'mark') disk.apply(record);
}
writeImage(directory, damagedImage(disk, null));
const sound = JSON.stringify(comparable(await factsOf(directory, segmentBytes, { goesOn: false })));
let index = 0;
for (const damage of damages(disk, history)) {
  const { path, kind, page } = damage;
  if (index >= Number(first)) {
    const tell = (outcome: string): unknown =>
      writeSync(1, `${JSON.stringify({ index, path, kind, page, outcome })}\n`);
    tell('begun');
    tell(await outcomeOf(disk, damage));
  }
  index++;
}
