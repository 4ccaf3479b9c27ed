/**
 * Who may import whom (style, section 5.1), the one home of each foreign library, and no circles.
 * Every message names what to do instead.
 */

import type { ImportOf, SourceFile, Violation } from './tidy-source.ts';

interface FolderRule {
  /** Folders of ours that files of this folder may import, besides their own. */
  readonly folders: readonly string[];
  /** Packages and `node:` modules that they may import. */
  readonly packages: RegExp;
  readonly instead: string;
}

const anyPackage = /^/;
const everything = ['protocol', 'machines', 'storage', 'actors', 'client', 'cli'];
const noSocketsNorTimers =
  /^node:(?!(net|tls|http|https|http2|dgram|timers|timers\/promises|child_process)$)/;

const folderRules: { readonly [folder: string]: FolderRule } = {
  protocol: {
    folders: [],
    packages: /^\b$/,
    instead: 'protocol/ is the leaf: take bytes and values as arguments (Buffer is global)',
  },
  machines: {
    folders: ['protocol'],
    packages: /^xstate$/,
    instead: 'a machine only decides: name an effect and let an actor carry it out',
  },
  storage: {
    folders: ['protocol'],
    packages: new RegExp(`^lmdb$|${noSocketsNorTimers.source}`),
    instead: 'storage takes events and clocks as arguments; actors bring the two together',
  },
  actors: {
    folders: ['protocol', 'machines', 'storage'],
    packages: anyPackage,
    instead: 'actors import protocol/, machines/ and storage/ only',
  },
  client: {
    folders: ['protocol'],
    packages: /^node:(net|tls)$/,
    instead: 'the client must work without native or server packages: protocol/ and sockets only',
  },
  cli: {
    folders: [...everything, 'console'],
    packages: anyPackage,
    instead: 'cli/ imports the product only',
  },
  console: { folders: everything, packages: anyPackage, instead: 'console/ imports the product' },
  'console/app': {
    folders: ['protocol', 'console'],
    packages: /^preact(\/hooks)?$/,
    instead: 'the app runs in browsers: types and plain functions of protocol/ and console/ only',
  },
  bench: { folders: [...everything, 'test'], packages: anyPackage, instead: '' },
  test: { folders: [...everything, 'bench', 'console'], packages: anyPackage, instead: '' },
  '': { folders: everything, packages: anyPackage, instead: '' },
};

/** Libraries that one file of the product wraps; tests and bench may use them. */
const homes: readonly { name: RegExp; files: readonly string[]; typeFiles?: readonly string[] }[] =
  [
    { name: /^lmdb$/, files: ['storage/environment.ts'] },
    { name: /^(nats|@nats-io\/.*)$/, files: ['actors/nats-bus.ts', 'actors/bus-transport.ts'] },
    { name: /^ws$/, files: ['console/server/inspect-sockets.ts'] },
    {
      name: /^(node:)?(net|tls)$/,
      files: [
        'actors/listener.ts',
        'actors/bare-socket.ts',
        'actors/bus-transport.ts',
        'client/',
        'cli/',
      ],
      typeFiles: [
        'actors/connection.ts',
        'actors/tcp-socket.ts',
        'console/server/console-server.ts',
      ],
    },
    { name: /^preact($|\/)/, files: ['console/app/'] },
    { name: /^vite($|\/)/, files: ['console/vite.config.ts', 'cli/vite.config.ts'] },
  ];

const xstateRunTime = /\b(createActor|transition|initialTransition|interpret|getNextSnapshot)\b/;
const xstateHomes = ['actors/host.ts', 'test/'];

/** Plain functions and types in machines/, for all of them; and who knows all of them. */
const plainFiles = [
  'machines/quorum.ts',
  'machines/standing.ts',
  'machines/moment.ts',
  'machines/leader-context.ts',
];
const joiners = ['machines/index.ts', 'machines/invariants.ts'];

const isIn = (path: string, places: readonly string[]): boolean =>
  places.some((place) => (place.endsWith('/') ? path.startsWith(place) : path === place));

export function importViolations(file: SourceFile): Violation[] {
  const found: Violation[] = [];
  for (const item of file.imports) {
    const message =
      folderFault(file, item) ?? homeFault(file, item) ?? xstateFault(file, item) ?? null;
    if (message !== null) found.push({ path: file.path, line: item.line, message });
  }
  return found;
}

function folderFault(file: SourceFile, { from, path }: ImportOf): string | null {
  const isApp = file.path.startsWith('console/app/');
  const rule = folderRules[isApp ? 'console/app' : file.folder];
  if (rule === undefined) return null;
  if (path === null) {
    return rule.packages.test(from) ? null : `may not import '${from}': ${rule.instead}`;
  }
  if (!/\.(tsx?|mjs|json|css)$/.test(path)) return `import '${from}' must end in .ts`;
  const target = path.includes('/') ? path.slice(0, path.indexOf('/')) : '';
  if (target === 'test' && file.folder !== 'test' && file.folder !== 'bench') {
    return `imports '${from}': nobody imports test/ but bench/; move what both need out of it`;
  }
  if (file.folder === 'machines' && target === 'machines') return machineFault(file, from, path);
  if (target === file.folder || rule.folders.includes(target)) return null;
  return `may not import '${from}': ${rule.instead}`;
}

/** Machines know nothing of each other; what is said about one stands beside it. */
function machineFault(file: SourceFile, from: string, path: string): string | null {
  if (isIn(file.path, joiners) || isIn(path, plainFiles)) return null;
  if (file.path === path.replace(/\.ts$/, '-invariants.ts')) return null;
  return `imports the machine '${from}': only ${joiners.join(' and ')} join machines`;
}

function homeFault(file: SourceFile, { from, isType }: ImportOf): string | null {
  if (file.folder === 'test' || file.folder === 'bench') return null;
  for (const { name, files, typeFiles = [] } of homes) {
    if (!name.test(from) || isIn(file.path, files)) continue;
    if (isType && isIn(file.path, typeFiles)) continue;
    return `imports '${from}': use what ${files[0]} offers, the only file that imports it`;
  }
  return null;
}

function xstateFault(file: SourceFile, { from, names, isType }: ImportOf): string | null {
  if (isType || from !== 'xstate' || isIn(file.path, xstateHomes)) return null;
  const name = xstateRunTime.exec(names)?.[0];
  return name === undefined ? null : `runs XState's '${name}': use actors/host.ts, its only caller`;
}

/** Import circles, each once, type-only imports included. */
export function circleViolations(files: readonly SourceFile[]): Violation[] {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const found: Violation[] = [];
  const done = new Set<string>();
  const trail: string[] = [];
  const visit = (path: string): void => {
    const file = byPath.get(path);
    if (file === undefined || done.has(path)) return;
    trail.push(path);
    for (const item of file.imports) {
      if (item.path === null) continue;
      const start = trail.indexOf(item.path);
      if (start < 0) visit(item.path);
      else {
        const circle = [...trail.slice(start), item.path].join(' -> ');
        const message = `import circle ${circle}: move what both need into a third file`;
        found.push({ path, line: item.line, message });
      }
    }
    trail.pop();
    done.add(path);
  };
  for (const file of files) visit(file.path);
  return found;
}
