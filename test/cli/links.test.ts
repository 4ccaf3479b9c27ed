/**
 * From the settings to a real bus: the login is the one that was configured, the frames are signed
 * where there is a busSecret. Real time passes here, for a real server is waited for.
 */

import { describe, expect, onTestFinished, test } from 'vitest';
import type { BusLinks } from '../../actors/bus.ts';
import { type Fields, type Notes, silentNotes } from '../../actors/note.ts';
import type { Settings } from '../../actors/settings.ts';
import { busAddressOf } from '../../cli/bus-config.ts';
import { ConfigError } from '../../cli/config-error.ts';
import { openLinks } from '../../cli/links.ts';
import { loadTexts, threeServers } from '../support/config.ts';
import { NatsServer, natsServerPath, natsSkipReason } from '../support/nats-server.ts';

function settingsOf(sid: number, lines: readonly string[]): Settings {
  const cfg = [...threeServers, ...lines].join('\n');
  const seed = `SU${'A'.repeat(56)}`;
  return loadTexts({ cfg, files: { '/data/myid': String(sid), '/nkey': seed } }).settings;
}

function open(sid: number, lines: readonly string[]) {
  const noted: string[] = [];
  const warn = (message: string, fields: Fields = {}) =>
    void noted.push(`${message} ${JSON.stringify(fields)}`);
  const notes: Notes = { ...silentNotes, warn, error: warn };
  const settings = settingsOf(sid, lines);
  const links = openLinks(busAddressOf(settings)!, settings, notes);
  onTestFinished(() => close(links));
  return { links, noted };
}

async function close({ zab, election, bulk }: BusLinks): Promise<void> {
  await Promise.all([zab.close(), election.close(), bulk.close()]);
}

const connected = ({ zab, election, bulk }: BusLinks) =>
  expect
    .poll(() => zab.isConnected && election.isConnected && bulk.isConnected, { timeout: 10_000 })
    .toBe(true);

async function startServer(): Promise<NatsServer> {
  const server = await NatsServer.start(['authorization { user: "zk", password: "p@ss" }']);
  onTestFinished(() => server.remove());
  return server;
}

const isSkipped = natsServerPath === null;
const title = isSkipped ? `links to a bus (skipped: ${natsSkipReason})` : 'links to a bus';

describe.skipIf(isSkipped)(title, () => {
  test('log in as the address says or as the keys say; a wrong password stays unsaid', async () => {
    const { port } = await startServer();
    const ways = [
      [`natsUrl=nats://zk:p%40ss@127.0.0.1:${port}`],
      [`natsUrl=127.0.0.1:${port}`, 'natsUser=zk', 'natsPassword=p@ss'],
    ];
    for (const lines of ways) await connected(open(1, lines).links);

    const wrong = open(1, [`natsUrl=127.0.0.1:${port}`, 'natsUser=zk', 'natsPassword=hush']);
    await expect.poll(() => wrong.noted.join(), { timeout: 10_000 }).toContain('cannot connect');

    expect(wrong.links.zab.isConnected).toBe(false);
    expect(wrong.noted.join()).not.toContain('hush');
  });

  test('sign their frames with busSecret, and hear those of the same secret only', async () => {
    const { port } = await startServer();
    const url = `natsUrl=nats://zk:p%40ss@127.0.0.1:${port}`;
    const [source, target, plain, other] = [
      open(1, [url, 'busSecret=hush']),
      open(2, [url, 'busSecret=hush']),
      open(3, [url]),
      open(3, [url, 'busSecret=HUSH']),
    ];
    for (const { links } of [source, target, plain, other]) await connected(links);
    const heard: string[] = [];
    // 2 MB go in parts; they are joined below the signature.
    target.links.zab.subscribe('a', (frame) => void heard.push(`${frame[1]} ${frame.length}`));
    const say = (text: number, links: BusLinks, length = 3) =>
      links.zab.publish('a', Buffer.alloc(length, text));

    await expect
      .poll(
        () => {
          say(1, plain.links);
          say(2, other.links);
          say(3, source.links, 2_000_000);
          say(4, source.links);
          return heard.includes('4 3');
        },
        { timeout: 10_000 },
      )
      .toBe(true);

    expect(new Set(heard)).toEqual(new Set(['3 2000000', '4 3']));
    expect(target.noted).toHaveLength(1);
    expect(target.noted[0]).toContain('not signed by our busSecret');
  });
});

test('a seed that has the right form and is none ends in a ConfigError without the seed', () => {
  const lines = ['natsUrl=127.0.0.1:1', 'natsNkey=/nkey'];

  expect(() => open(1, lines)).toThrow(ConfigError);
  expect(() => open(1, lines)).toThrow(/^the login to the bus cannot be used: [^A]*$/);
});
