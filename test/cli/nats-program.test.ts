/** Where nats-server is looked for, what is said when it is nowhere, and when it is installed. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  findNatsServer,
  findOrInstallNatsServer,
  requireNatsServer,
} from '../../cli/nats-program.ts';
import { temporaryFolder } from '../support/temp.ts';

function folderWith(...programs: string[]): string {
  const folder = temporaryFolder();
  for (const name of programs) writeFileSync(join(folder, name), '#!/bin/sh\n', { mode: 0o755 });
  return folder;
}

test('NATS_SERVER counts before PATH, and PATH before the usual folders', () => {
  const [one, two, three] = [1, 2, 3].map(() => join(folderWith('nats-server'), 'nats-server'));
  const env = { NATS_SERVER: one, PATH: `/nowhere:relative:${join(two!, '..')}` };
  const folders = [join(three!, '..')];

  expect(findNatsServer({ env, folders })).toBe(one);
  expect(findNatsServer({ env: { PATH: env.PATH }, folders })).toBe(two);
  expect(findNatsServer({ env: {}, folders })).toBe(three);
  expect(findNatsServer({ env: {}, folders: [] })).toBeNull();
});

test('a NATS_SERVER that is no program is an error, whatever PATH holds', () => {
  const folder = folderWith('nats-server');
  writeFileSync(join(folder, 'text'), '');

  for (const NATS_SERVER of [folder, join(folder, 'text'), '/nowhere/nats-server']) {
    expect(() => findNatsServer({ env: { NATS_SERVER, PATH: folder } })).toThrow(
      `environment NATS_SERVER: ${NATS_SERVER}: not a program`,
    );
  }
});

test('without nats-server the ways to get it are named', () => {
  const search = { env: {}, folders: [] };

  for (const way of [
    'apt-get',
    'brew',
    'releases',
    'COPY --from=nats',
    'natsUrl=',
    'NATS_SERVER',
  ]) {
    expect(() => requireNatsServer(search)).toThrow(way);
  }
});

/** What would be run, on a machine where apt-get works as told. */
async function installed(change: { env?: object; isRoot?: boolean; codes?: number[] } = {}) {
  const folder = folderWith('apt-get');
  const ran: string[] = [];
  const codes = [...(change.codes ?? [0])];
  const found = await findOrInstallNatsServer({
    env: { PATH: folder, ...change.env },
    folders: [],
    isRoot: change.isRoot ?? true,
    say: () => {},
    run: async (program, args) => {
      ran.push([program, ...args].join(' '));
      const code = codes.shift() ?? 0;
      const isInstall = args.includes('install');
      if (code === 0 && isInstall) {
        writeFileSync(join(folder, 'nats-server'), '', { mode: 0o755 });
      }
      return code;
    },
  });
  return { ran, isFound: found === join(folder, 'nats-server') };
}

test('Debian’s package is installed for root, after an update where that is needed', async () => {
  const install = 'apt-get -qq -y --no-install-recommends install nats-server';
  const update = 'apt-get -qq update';

  expect(await installed()).toEqual({ ran: [install], isFound: true });
  expect(await installed({ codes: [100, 0, 0] })).toEqual({
    ran: [install, update, install],
    isFound: true,
  });
  expect(await installed({ codes: [100, 100] })).toEqual({
    ran: [install, update],
    isFound: false,
  });
});

test('nothing is installed for others, when forbidden, or without apt-get', async () => {
  const nothing = { ran: [], isFound: false };

  expect(await installed({ isRoot: false })).toEqual(nothing);
  expect(await installed({ env: { NATSKEEPER_NO_INSTALL: '1' } })).toEqual(nothing);
  expect(await installed({ env: { PATH: '/nowhere' } })).toEqual(nothing);
});
