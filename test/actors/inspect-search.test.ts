/**
 * Search by path and by content, of text and by patterns, in values that may be anything; it ends
 * in time, in slices, and sees what the viewer may read.
 */

import { describe, expect, test } from 'vitest';
import type { StateQuestion } from '../../actors/inspect/inspect-answers.ts';
import type { Acl } from '../../protocol/record.ts';
import { Permission } from '../../protocol/record.ts';
import { InspectRig } from '../support/inspect-rig.ts';

type Asked = Extract<StateQuestion, { what: 'search' }>;

const hidden: Acl[] = [{ perms: Permission.all, id: { scheme: 'digest', id: 'me:aGFzaA==' } }];

function search(text: string, more: Partial<Asked> = {}): Asked {
  return {
    ...{ what: 'search', root: '/', text, isRegex: false },
    ...{ in: 'path', limit: 100, viewer: 'world', ...more },
  };
}

async function found(rig: InspectRig, asked: Asked): Promise<string[]> {
  return (await rig.ask(asked)).hits.map(({ path }) => path).sort();
}

describe('by path', () => {
  test('a text is found anywhere below the root that was given', async () => {
    const rig = new InspectRig();
    for (const path of ['/app', '/app/<b>x<', '/app/c', '/other', '/other/app']) rig.create(path);

    expect(await found(rig, search('app'))).toEqual(['/app', '/app/<b>x<', '/app/c', '/other/app']);
    expect(await found(rig, search('app', { root: '/other' }))).toEqual(['/other/app']);
    expect(await found(rig, search('<b>'))).toEqual(['/app/<b>x<']);
    expect(await found(rig, search('App'))).toEqual([]);
    expect(await found(rig, search('app', { root: '/nobody' }))).toEqual([]);
    expect(await found(rig, search('zookeeper/q'))).toEqual(['/zookeeper/quota']);
  });

  test('a pattern is found, too, and a bad one is refused with what is wrong', async () => {
    const rig = new InspectRig();
    for (const path of ['/lock-1', '/lock-22', '/clock-1']) rig.create(path);

    const asked = search('^/lock-\\d+$', { isRegex: true });
    expect(await found(rig, asked)).toEqual(['/lock-1', '/lock-22']);
    await expect(rig.ask(search('(', { isRegex: true }))).rejects.toThrow(/missing closing/);
    await expect(rig.ask(search('(a)\\1', { isRegex: true }))).rejects.toThrow(/cannot be used/);
  });

  test('it stops at the limit of hits and says so', async () => {
    const rig = new InspectRig();
    for (let made = 0; made < 10; made++) rig.create(`/hit-${made}`);

    expect(await rig.ask(search('hit', { limit: 10 }))).toMatchObject({ isCut: false });
    const cut = await rig.ask(search('hit', { limit: 9 }));
    expect(cut.hits).toHaveLength(9);
    expect(cut.isCut).toBe(true);
  });
});

describe('by content', () => {
  const content = { in: 'content' } as const;

  test('a text is shown with what is around it', async () => {
    const rig = new InspectRig();
    rig.create('/short', 'a needle');
    rig.create('/long', `${'x'.repeat(200)}needle${'y'.repeat(200)}`);
    rig.create('/none', 'nothing');
    rig.create('/null', null);

    const { hits, visited } = await rig.ask(search('needle', content));
    expect(visited).toBe(8);
    expect(hits.find(({ path }) => path === '/short')?.excerpt).toBe('a needle');
    const around = `…${'x'.repeat(48)}needle${'y'.repeat(48)}…`;
    expect(hits.find(({ path }) => path === '/long')?.excerpt).toBe(around);
  });

  test('bytes are looked at as UTF-8 and as Latin-1, to the end of a megabyte', async () => {
    const rig = new InspectRig();
    const tail = Buffer.concat([Buffer.alloc(1024 * 1024 - 8, 0xfe), Buffer.from('end')]);
    rig.create('/utf8', 'grün');
    rig.create('/latin1', Buffer.from('gr\u00fcn', 'latin1'));
    rig.create('/binary', tail);
    rig.create('/cut', `${'ü'.repeat(100)}needle${'ü'.repeat(100)}`);

    expect(await found(rig, search('grün', content))).toEqual(['/latin1', '/utf8']);
    const { hits } = await rig.ask(search('end', content));
    expect(hits).toEqual([{ path: '/binary', excerpt: `…${'\u00fe'.repeat(48)}end` }]);
    const cut = await rig.ask(search('needle', content));
    expect(cut.hits[0]?.excerpt).toBe(`…${'ü'.repeat(24)}needle${'ü'.repeat(24)}…`);
  });

  test('a pattern looks at the first 4 KB, also when a character is cut there', async () => {
    const rig = new InspectRig();
    rig.create('/near', `a${'ü'.repeat(3000)} key = 17`);
    rig.create('/early', `${'ü'.repeat(10)} key = 17 ${'a'.repeat(10_000)}`);
    rig.create('/binary', Buffer.from([255, 254, 0x6b, 0x3d, 0x31, 250]));

    const { hits } = await rig.ask(search('k(ey)? ?= ?\\d+', { ...content, isRegex: true }));
    expect(hits.map(({ path }) => path).sort()).toEqual(['/binary', '/early']);
    const early = hits.find(({ path }) => path === '/early')!.excerpt;
    expect(early).toBe(`${'ü'.repeat(10)} key = 17 ${'a'.repeat(47)}…`);
  });
});

describe('it goes on in slices', () => {
  function forest(count: number): InspectRig {
    const rig = new InspectRig();
    rig.create('/deep');
    for (let made = 0; made < count; made++) rig.create(`/deep/znode-${made}`, `value ${made}`);
    return rig;
  }

  test('and stops after ten seconds with what it has', async () => {
    const rig = forest(20_000);
    rig.onTurn = () => rig.clock.advance(3000);

    const cut = await rig.ask(search('znode-1999'));
    expect(cut.isCut).toBe(true);
    expect(cut.visited).toBeGreaterThan(5000);
    expect(cut.visited).toBeLessThan(19_000);
    expect(rig.turns).toBe(5);
  });

  test('and a pattern that explodes elsewhere does not stall it', async () => {
    const rig = new InspectRig();
    for (let made = 0; made < 20; made++) rig.create(`/a${made}`, 'a'.repeat(5000));

    const asked = search('(a+)+$', { in: 'content', isRegex: true });
    const { hits, visited } = await rig.ask({ ...asked, text: '(a|aa)+!' });
    expect([hits.length, visited]).toEqual([0, 24]);
    // No slice holds more than a few of them.
    expect(rig.turns).toBeGreaterThan(5);
  });

  test('and what goes meanwhile is not told as found', async () => {
    const rig = forest(20_000);
    rig.onTurn = (turns) => {
      if (turns === 3) {
        for (let made = 0; made < 20_000; made++) rig.delete(`/deep/znode-${made}`);
      }
    };

    const { hits } = await rig.ask(search('value', { in: 'content', limit: 1000 }));
    expect(hits.length).toBeLessThanOrEqual(1000);
    for (const { path, excerpt } of hits) {
      expect(path).toBe(`/deep/znode-${excerpt?.slice('value '.length)}`);
    }
  });
});

describe('what may not be read', () => {
  const rig = new InspectRig();
  rig.create('/open', 'needle');
  rig.create('/shut', 'needle', { acl: hidden });
  rig.create('/shut/open', 'needle');

  for (const where of ['path', 'content'] as const) {
    test(`is passed over with all that is below, by ${where}`, async () => {
      const text = where === 'path' ? 'open' : 'needle';
      const asked = search(text, { in: where });

      expect(await found(rig, asked)).toEqual(['/open']);
      const all = await found(rig, { ...asked, viewer: 'admin' });
      expect(all).toContain('/shut/open');
      expect(await found(rig, { ...asked, root: '/shut' })).toEqual([]);
    });
  }
});
