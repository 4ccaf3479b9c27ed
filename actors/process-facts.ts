/**
 * What a replica tells of the process it runs in: versions, user, memory, descriptors, file sizes.
 * Facts for `envi`, `mntr` and their like; nothing decides by them. Tests bring their own.
 */

import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import os from 'node:os';
import { dirname, join } from 'node:path';
import process from 'node:process';

export interface ProcessFacts {
  /** Our version, and when this program was built, ms since 1970. */
  readonly version: string;
  readonly builtMs: number;
  /** What runs the program: version, vendor and folder; where the program itself lies. */
  readonly runtime: {
    readonly version: string;
    readonly vendor: string;
    readonly home: string;
    readonly program: string;
  };
  readonly system: {
    readonly hostName: string;
    readonly name: string;
    readonly arch: string;
    readonly version: string;
    readonly temporaryDirectory: string;
  };
  readonly user: {
    readonly name: string;
    readonly home: string;
    readonly directory: string;
  };
  /** Memory of the machine that is free and that there is, and what this process has of it. */
  memory(): {
    readonly freeBytes: number;
    readonly maxBytes: number;
    readonly totalBytes: number;
  };
  /** File descriptors in use, and how many there may be; null where the system does not tell. */
  openFiles(): number | null;
  openFilesMax(): number | null;
  /** Sizes of all files below a folder together; 0 when it is missing. */
  directoryBytes(path: string): number;
}

/** As Java calls them. */
const archNames: { readonly [arch: string]: string } = { x64: 'amd64', arm64: 'aarch64' };

/** Made once, when the program starts: none of it changes. */
export const systemFacts: ProcessFacts = {
  version: readVersion(import.meta.dirname),
  builtMs: statSync(import.meta.filename).mtimeMs,
  runtime: {
    version: process.versions.node,
    vendor: 'Node.js',
    home: dirname(process.execPath),
    program: dirname(import.meta.dirname),
  },
  system: {
    hostName: os.hostname(),
    name: os.type(),
    arch: archNames[os.arch()] ?? os.arch(),
    version: os.release(),
    temporaryDirectory: os.tmpdir(),
  },
  user: { name: userName(), home: os.homedir(), directory: process.cwd() },
  memory: () => ({
    freeBytes: os.freemem(),
    maxBytes: os.totalmem(),
    totalBytes: process.memoryUsage.rss(),
  }),
  openFiles,
  openFilesMax,
  directoryBytes,
};

/** From the nearest package.json at or above `start`: compiled files lie one folder deeper. */
function readVersion(start: string): string {
  let folder = start;
  while (!existsSync(join(folder, 'package.json')) && folder !== dirname(folder)) {
    folder = dirname(folder);
  }
  const text = readFileSync(join(folder, 'package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

/** In a container there may be a user id without a name. */
function userName(): string {
  try {
    return os.userInfo().username;
  } catch {
    return '?';
  }
}

function openFiles(): number | null {
  try {
    // The listing itself holds one.
    return readdirSync('/dev/fd').length - 1;
  } catch {
    return null;
  }
}

function openFilesMax(): number | null {
  try {
    const match = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'));
    return match === null ? null : Number(match[1]);
  } catch {
    return null;
  }
}

function directoryBytes(path: string): number {
  if (!existsSync(path)) return 0;
  let bytes = 0;
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    const child = join(path, entry.name);
    if (entry.isDirectory()) bytes += directoryBytes(child);
    // A file may be cleaned away between the listing and now.
    else bytes += statSync(child, { throwIfNoEntry: false })?.size ?? 0;
  }
  return bytes;
}
