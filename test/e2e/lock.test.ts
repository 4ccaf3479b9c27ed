/**
 * The lock of a data directory against what crashes and full disks leave behind: a lock that names
 * nobody who lives is no lock, and one that was never written to its end is none either.
 */

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DataLock, DirectoryInUse } from '../../storage/data-lock.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'natskeeper-lock-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('a lock that stops nobody', () => {
  const left: [name: string, text: string][] = [
    ['empty', ''],
    ['cut in the pid', '12'],
    ['cut behind the pid', '12 '],
    ['of a process that is gone', '4194305 123456\n'],
    ['of a pid that another process has now', '1 99999999999\n'],
    ['of something else', 'here be dragons\n'],
  ];
  for (const [name, text] of left) {
    test(`is one ${name}`, () => {
      writeFileSync(join(folder, 'lock'), text);

      const lock = DataLock.take(folder, process.pid);

      expect(readFileSync(join(folder, 'lock'), 'utf8')).toMatch(`${process.pid} `);
      lock.release();
      expect(readdirSync(folder)).toEqual([]);
    });
  }
});

test('a lock of a process that lives stays, and is named', () => {
  const lock = DataLock.take(folder, process.ppid);

  expect(() => DataLock.take(folder, process.pid)).toThrow(DirectoryInUse);
  expect(() => DataLock.take(folder, process.pid)).toThrow(`in use by process ${process.ppid}`);
  expect(readdirSync(folder)).toEqual(['lock']);
  lock.release();
});
