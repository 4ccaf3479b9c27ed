/**
 * Runs a program with the recorder in front of the C library, and reads what it did to a directory.
 * The recorder is compiled at the first use. The record is complete: all of it, done again, must
 * give the files that the program left.
 */

import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Disk, type DiskFile, type DiskFolder } from './disk.ts';
import { type DiskRecord, parseRecord } from './record.ts';

const here = dirname(fileURLToPath(import.meta.url));
const compilers = ['cc', 'gcc', 'clang'];

const isThere = (program: string): boolean =>
  spawnSync(program, ['--version'], { stdio: 'ignore' }).status === 0;

/** Why nothing can be recorded on this machine; null when it can. */
export const whyNoRecorder: string | null = findWhyNot();

function findWhyNot(): string | null {
  if (process.platform !== 'linux') return `${process.platform} has no LD_PRELOAD that we know`;
  const header = process.report.getReport() as { header?: { glibcVersionRuntime?: string } };
  if (header.header?.glibcVersionRuntime === undefined) return 'the C library is not glibc';
  return compilers.some(isThere) ? null : `there is no compiler (${compilers.join(', ')})`;
}

/** A folder for files that are made and thrown away by the thousand: in memory, if possible. */
export function makeScratch(): string {
  const memory = '/dev/shm';
  return realpathSync(mkdtempSync(join(existsSync(memory) ? memory : tmpdir(), 'natskeeper-')));
}

function compile(scratch: string): string {
  const library = join(scratch, 'recorder.so');
  if (existsSync(library)) return library;
  const options = ['-O1', '-shared', '-fPIC', '-o', library, join(here, 'recorder.c')];
  const { status, stderr } = spawnSync(compilers.find(isThere)!, [...options, '-ldl', '-lpthread']);
  if (status !== 0) throw new Error(`the recorder does not compile: ${stderr}`);
  return library;
}

/** Runs a script of this folder on the directory `top`, which is its last argument. */
export function recordRun(
  scratch: string,
  script: string,
  args: readonly string[],
  top: string,
): DiskRecord[] {
  return parseRecord(rawRecord(scratch, script, args, top));
}

export function rawRecord(
  scratch: string,
  script: string,
  args: readonly string[],
  top: string,
): Buffer {
  const record = join(scratch, `record-${readdirSync(scratch).length}`);
  mkdirSync(top, { recursive: true });
  const loader = join(here, '../support/run-ts.mjs');
  const { status, signal, stderr } = spawnSync(
    process.execPath,
    ['--import', loader, join(here, script), ...args, top],
    {
      env: {
        ...process.env,
        ...{ LD_PRELOAD: compile(scratch), NATSKEEPER_RECORD: record, NATSKEEPER_RECORDED: top },
        UV_USE_IO_URING: '0',
      },
      encoding: 'utf8',
    },
  );
  if (status !== 0) throw new Error(`${script} ${args} ended with ${status ?? signal}: ${stderr}`);
  const bytes = readFileSync(record);
  rmSync(record);
  return bytes;
}

/** How the files differ from what the record leads to; null when they do not. */
export function differenceAfter(records: readonly DiskRecord[], top: string): string | null {
  const disk = new Disk();
  for (const record of records) if (record.kind !== 'mark') disk.apply(record);
  return difference(disk.top, top, '');
}

function difference(folder: DiskFolder, top: string, path: string): string | null {
  const names = readdirSync(join(top, path)).filter(
    (name) => !name.endsWith('-lock') && join(path, name) !== 'marks',
  );
  const missing = [...folder.cached.keys()].find((name) => !names.includes(name));
  if (missing !== undefined) return `${join(path, missing)} is only in the record`;
  for (const name of names) {
    const at = join(path, name);
    const node = folder.cached.get(name);
    if (node === undefined) return `${at} is not in the record`;
    if (statSync(join(top, at)).isDirectory()) {
      const inner = difference(node as DiskFolder, top, at);
      if (inner !== null) return inner;
    } else if (!readFileSync(join(top, at)).equals((node as DiskFile).cached)) {
      return `${at} is not as recorded`;
    }
  }
  return null;
}
