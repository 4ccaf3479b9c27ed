/** Server lines: every form that the spec names, and every way to get one wrong. */

import { describe, expect, test } from 'vitest';
import {
  formatServerLine,
  formatServerSpec,
  parseServerLine,
  parseServerSpec,
  ServerSpecError,
} from '../../protocol/server-spec.ts';

describe('a spec is parsed and printed as ZooKeeper prints it', () => {
  const cases: [text: string, printed: string][] = [
    ['zoo1:2888:3888', 'zoo1:2888:3888:participant'],
    ['zoo1:2888:3888:observer', 'zoo1:2888:3888:observer'],
    ['zoo1:2888:3888:OBSERVER', 'zoo1:2888:3888:observer'],
    ['zoo1:2888:3888;2181', 'zoo1:2888:3888:participant;0.0.0.0:2181'],
    [' zoo1 : 2888 : 3888 ; 2181 ', 'zoo1:2888:3888:participant;0.0.0.0:2181'],
    ['a:1:2:participant;b:2181', 'a:1:2:participant;b:2181'],
    ['a:1:2;b:2181;c:2281', 'a:1:2:participant;b:2181;c:2281'],
    ['a:1:2;;2281', 'a:1:2:participant;;0.0.0.0:2281'],
    ['[::1]:2888:3888;[fe80::2]:2181', '[::1]:2888:3888:participant;[fe80::2]:2181'],
    ['b:1:2|a:3:4:observer', 'a:3:4|b:1:2:observer'],
    ['[::2]:1:2|a:3:4;2181', '[::2]:1:2|a:3:4:participant;0.0.0.0:2181'],
  ];
  for (const [text, printed] of cases) {
    test(text, () => {
      const spec = parseServerSpec(7, text);

      expect(formatServerSpec(spec)).toBe(printed);
      expect(parseServerSpec(7, printed)).toEqual(spec);
    });
  }
});

test('a spec is plain data', () => {
  expect(parseServerSpec(3, '[::1]:2888:3888:observer;2181')).toEqual({
    sid: 3,
    addresses: [{ host: '::1', quorumPort: 2888, electionPort: 3888 }],
    type: 'observer',
    clientAddress: { host: '0.0.0.0', port: 2181 },
    secureClientAddress: null,
  });
});

test('a whole line names its server', () => {
  const spec = parseServerLine(' server.12 = a:1:2;2181');

  expect(spec.sid).toBe(12);
  expect(formatServerLine(spec)).toBe('server.12=a:1:2:participant;0.0.0.0:2181');
  expect(() => parseServerLine('server.x=a:1:2')).toThrow('not of the form server.N=');
  expect(() => parseServerLine('a:1:2')).toThrow(ServerSpecError);
});

describe('a malformed spec says what is wrong', () => {
  const cases: [text: string, message: string][] = [
    ['', 'not of the form host:quorumPort:electionPort'],
    ['host', 'not of the form'],
    ['host:2888', 'not of the form'],
    [':2888:3888', 'not of the form'],
    ['h:1:2:participant:x', 'not of the form'],
    ['::1:2888:3888', 'not of the form'],
    ['[::1]x:1:2', 'not of the form'],
    ['h:a:3888', 'quorum port "a" is not a number from 1 to 65535'],
    ['h:2888:65536', 'election port "65536" is not a number from 1 to 65535'],
    ['h:0:3888', 'quorum port "0"'],
    ['h:-1:3888', 'quorum port "-1"'],
    ['h:2888:2888', 'must differ, both are 2888'],
    ['h:1:2:leader', 'unknown peer type "leader"'],
    ['h:1:2:', 'unknown peer type ""'],
    ['h:1:2|', 'not of the form'],
    ['h:1:2:observer|g:1:2:participant', 'different peer types'],
    ['h:1:2;x', 'client port "x"'],
    ['h:1:2;a:b:2181', 'client address "a:b:2181" is not of the form [host:]port'],
    ['h:1:2;:2181', 'client address ":2181"'],
    ['h:1:2;1;2;3', 'more than two ";" sections'],
    [new Array(17).fill('h:1:2').join('|'), 'over 16 addresses'],
  ];
  for (const [text, message] of cases) {
    test(text.slice(0, 40), () => {
      expect(() => parseServerSpec(1, text)).toThrow(ServerSpecError);
      expect(() => parseServerSpec(1, text)).toThrow(message);
    });
  }
});
