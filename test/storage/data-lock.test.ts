/**
 * The lock of a data directory: one living process at a time; what a crash or a power cut left
 * behind stands in nobody's way.
 */

import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { DataLock } from '../../storage/data-lock.ts';
import { StorageError } from '../../storage/storage-error.ts';
import { temporaryFolder } from '../support/temp.ts';

const { pid } = process;
/** A process that is alive and not ours. */
const otherPid = process.ppid;

test('is taken, released and taken again', () => {
  const folder = join(temporaryFolder(), 'made', 'deep');
  const lock = DataLock.take(folder, pid);
  expect(readFileSync(join(folder, 'lock'), 'utf8')).toMatch(new RegExp(`^${pid} \\w+\\n$`));

  lock.release();
  lock.release();

  expect(existsSync(join(folder, 'lock'))).toBe(false);
  DataLock.take(folder, pid).release();
});

test('is refused while another living process holds it, which is named', () => {
  const folder = temporaryFolder();
  const held = DataLock.take(folder, otherPid);
  const before = readFileSync(join(folder, 'lock'), 'utf8');

  expect(() => DataLock.take(folder, pid)).toThrow(StorageError);
  expect(() => DataLock.take(folder, pid)).toThrow(`in use by process ${otherPid}`);
  expect(readFileSync(join(folder, 'lock'), 'utf8')).toBe(before);
  expect(readdirSync(folder)).toEqual(['lock']);

  held.release();
  DataLock.take(folder, pid).release();
});

const leftBehind: [name: string, text: string][] = [
  ['a process that is gone', '4194300 12345\n'],
  ['a process whose number was given to another since', `${otherPid} 1\n`],
  ['a power cut before it was written', ''],
  ['a power cut in the middle', `${otherPid}`],
  ['a process of an unknown start', '4194300 \n'],
  ['nonsense', 'what is this\n'],
];
for (const [name, text] of leftBehind) {
  test(`is taken over from ${name}`, () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'lock'), text);

    const lock = DataLock.take(folder, pid);

    expect(readFileSync(join(folder, 'lock'), 'utf8')).toMatch(new RegExp(`^${pid} \\w+\\n$`));
    expect(readdirSync(folder)).toEqual(['lock']);
    lock.release();
  });
}
