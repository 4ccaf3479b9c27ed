/** The console's settings: what they may be, and that no message gives the token away. */

import { describe, expect, test } from 'vitest';
import { defaultSettings } from '../../actors/settings.ts';
import { ConfigError } from '../../cli/config-error.ts';
import { loadLines, loadTexts } from '../support/config.ts';

const token = 'correct-horse-battery';
const base = ['dataDir=/data', 'clientPort=2181'];
const consoleOf = (...lines: string[]) => loadLines(...lines).settings.console;

function faultOf(...lines: string[]): string {
  try {
    loadLines(...lines);
  } catch (failure) {
    expect(failure).toBeInstanceOf(ConfigError);
    return (failure as Error).message;
  }
  return '';
}

test('there is no console unless a port is given', () => {
  expect(consoleOf()).toEqual(defaultSettings.console);
  expect(consoleOf('console.port=0').port).toBeNull();
  expect(consoleOf('console.port=8090')).toEqual({ ...defaultSettings.console, port: 8090 });
});

test('every key is read, by any spelling, without a warning', () => {
  const { settings, warnings } = loadLines(
    'zookeeper.console.port=8090',
    'console.address=[::1]',
    `console.token=${token}`,
    'console.tokenExpires=2030-01-31T18:00:00+01:00',
    'console.allowedHosts=zoo.example, 10.0.0.1',
  );

  expect(warnings).toEqual([]);
  expect(settings.console).toEqual({
    port: 8090,
    address: '::1',
    token,
    tokenExpiresMs: Date.UTC(2030, 0, 31, 17),
    allowedHosts: ['zoo.example', '10.0.0.1'],
  });
});

test('the token may stand in a file of its own', () => {
  const cfg = [...base, 'console.tokenFile=/etc/token'].join('\n');
  const { settings } = loadTexts({ cfg, files: { '/etc/token': `${token}\n` } });

  expect(settings.console.token).toBe(token);
});

test('a date without a time begins at midnight in UTC', () => {
  const lines = [`console.token=${token}`, 'console.tokenExpires=2030-01-31'];

  expect(consoleOf(...lines).tokenExpiresMs).toBe(Date.UTC(2030, 0, 31));
});

describe('refused with place and reason', () => {
  const cases: readonly (readonly [lines: readonly string[], part: string])[] = [
    [['console.port=70000'], 'out of range'],
    [['console.address=not an address'], 'not an address'],
    [['console.token=short'], 'not a token'],
    [[`console.token=${token} ${token}`], 'not a token'],
    [['console.token=correct-hörse-battery'], 'not a token'],
    [[`console.token=${'a'.repeat(513)}`], 'not a token'],
    [['console.tokenFile=/none'], 'cannot be read'],
    [[`console.token=${token}`, 'console.tokenFile=/etc/token'], 'has one too'],
    [['console.tokenExpires=2030-01-31'], 'there is no token'],
    [[`console.token=${token}`, 'console.tokenExpires=tomorrow'], 'not a date'],
    [[`console.token=${token}`, 'console.tokenExpires=2030-13-31'], 'not a date'],
    [[`console.token=${token}`, 'console.tokenExpires=2030-01-31T18:00'], 'not a date'],
    [['console.allowedHosts=a,http://b'], 'no host name'],
  ];
  for (const [lines, part] of cases) {
    test(lines.join(' ').slice(0, 80), () => {
      const fault = faultOf(...lines);

      expect(fault).toContain(part);
      expect(fault).toMatch(/^\/etc\/zoo.cfg line \d+: console\./);
      expect(fault).not.toContain('horse');
      expect(fault).not.toContain('short');
      expect(fault).not.toContain('hörse');
    });
  }

  test('a file that holds no token, by its path only', () => {
    const cfg = [...base, 'console.tokenFile=/etc/token'].join('\n');
    const load = () => loadTexts({ cfg, files: { '/etc/token': 'hush\n' } });

    expect(load).toThrow('console.tokenFile=/etc/token: not a token');
    expect(load).not.toThrow('hush');
  });
});
