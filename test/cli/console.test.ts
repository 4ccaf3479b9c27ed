/** `natskeeper console`: which configurations it can work with, and what it serves. */

import { describe, expect, onTestFinished, test } from 'vitest';
import { silentNotes } from '../../actors/note.ts';
import { defaultSettings } from '../../actors/settings.ts';
import { type ConsoleOptions, consoleSettings } from '../../cli/console.ts';
import { serveConsole } from '../../cli/console-part.ts';
import { FakeInspection } from '../console/fake-inspection.ts';
import { cfgPath, threeServers } from '../support/config.ts';

const token = 'correct-horse-battery';
const onNats = [...threeServers, 'natsUrl=nats://bus:4222', 'ensemble=blue'];

function settingsOf(
  lines: readonly string[],
  options: ConsoleOptions = {},
  files: Readonly<Record<string, string>> = {},
) {
  const all: Readonly<Record<string, string>> = { ...files, [cfgPath]: lines.join('\n') };
  const input = {
    file: cfgPath,
    env: {},
    readFile: (path: string) => all[path]!,
    exists: (path: string) => path in all,
  };
  return consoleSettings(input, options);
}

describe('the configuration of a replica', () => {
  test('serves, on a machine that is no member too', () => {
    const settings = settingsOf(onNats);

    expect(settings).toMatchObject({ natsUrl: 'nats://bus:4222', ensemble: 'blue' });
    expect(settings.console).toEqual({ ...defaultSettings.console, port: 8090 });
  });

  test('lends its token and its names, but not its port', () => {
    const lines = ['console.port=9000', `console.token=${token}`, 'console.allowedHosts=zoo'];
    const settings = settingsOf([...onNats, ...lines], {}, { '/data/myid': '2' });

    expect(settings.console).toMatchObject({ port: 8090, token, allowedHosts: ['zoo'] });
  });

  test('is overruled by the command line', () => {
    const options = { port: '7001', address: '::1', tokenFile: '/token' };
    const files = { '/token': `${token}-2\n` };
    const settings = settingsOf([...onNats, `console.token=${token}`], options, files);

    expect(settings.console).toMatchObject({ port: 7001, address: '::1', token: `${token}-2` });
    expect(() => settingsOf(onNats, { port: 'http' })).toThrow('console.port=http: not a number');
  });

  test('must name a bus that others can log in to', () => {
    const alone = ['dataDir=/data', 'clientPort=2181'];

    expect(() => settingsOf(threeServers)).toThrow('brings its own bus');
    expect(() => settingsOf(alone)).toThrow('one replica alone has no bus');
    expect(() => settingsOf(alone)).toThrow('valid: console.port in the zoo.cfg of a replica');
  });
});

test('serves drawings and facts from wherever it runs', async () => {
  const inspection = new FakeInspection();
  const part = { inspection, settings: defaultSettings.console, notes: silentNotes };
  const running = await serveConsole(part, 0);
  onTestFinished(() => running.close());
  const get = (path: string) => fetch(`http://127.0.0.1:${running.port}${path}`);

  expect(await (await get('/drawings/peer.svg')).text()).toContain('data-state="peer"');
  expect((await get('/drawings/chart.css')).status).toBe(200);
  expect(await (await get('/api/about')).json()).toMatchObject({ canWrite: false, sid: 1 });
});
