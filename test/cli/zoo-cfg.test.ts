/** The grammar of zoo.cfg, which is the one of Java's properties files. */

import { expect, test } from 'vitest';
import { CfgSyntaxError, parseZooCfg } from '../../cli/zoo-cfg.ts';

const pairs = (text: string) => parseZooCfg(text).map(({ key, value }) => [key, value]);

test('a key ends at the first "=", ":" or blank, and blanks around both are dropped', () => {
  expect(pairs('a=1\n b = 2 \nc: 3\nd 4\n\te\t:=5\nf')).toEqual([
    ['a', '1'],
    ['b', '2'],
    ['c', '3'],
    ['d', '4'],
    ['e', '=5'],
    ['f', ''],
  ]);
});

test('a value keeps its own separators', () => {
  expect(pairs('server.1=zoo1:2888:3888;2181\njaas = a=b c')).toEqual([
    ['server.1', 'zoo1:2888:3888;2181'],
    ['jaas', 'a=b c'],
  ]);
});

test('comments and blank lines are skipped; a "#" within a line is no comment', () => {
  expect(pairs('# one\n  ! two\n\n   \nkey=a#b\n#last \\\nafter=1')).toEqual([
    ['key', 'a#b'],
    ['after', '1'],
  ]);
});

test('a backslash continues a line, two do not', () => {
  expect(pairs('words=a,\\\n   b,\\\n\tc\npath=x\\\\\nend=1\\')).toEqual([
    ['words', 'a,b,c'],
    ['path', 'x\\'],
    ['end', '1'],
  ]);
});

test('escapes are undone in keys and values', () => {
  expect(pairs('a\\=b\\ c=tab\\tone\\u0041\ndataDir=C:\\zk')).toEqual([
    ['a=b c', 'tab\toneA'],
    ['dataDir', 'C:zk'],
  ]);
  expect(() => parseZooCfg('a=1\nb=\\u00x')).toThrow(CfgSyntaxError);
  expect(() => parseZooCfg('a=1\nb=\\u00x')).toThrow('malformed');
});

test('entries carry the line where they start, after any line ending and byte order mark', () => {
  const lines = parseZooCfg('\uFEFFa=1\r\n\r\nb=\\\r\n2\rc=3\n').map(({ key, line }) => [
    key,
    line,
  ]);

  expect(lines).toEqual([
    ['a', 1],
    ['b', 3],
    ['c', 5],
  ]);
});

test('a key that comes twice is given twice, in order', () => {
  expect(pairs('a=1\na=2')).toEqual([
    ['a', '1'],
    ['a', '2'],
  ]);
});
