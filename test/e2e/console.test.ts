/**
 * The console in a browser, before a real ensemble: what a person sees who kills the leader, looks
 * at the tree, at a watch, and back in time. Everything is waited for by what is to be seen.
 */

import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { type Client, CreateMode, connect, NodeExistsError } from '../../client/client.ts';
import { launchChromium, whyNoChromium } from './chromium.ts';
import { ConsoleDemo, whyNoDemo } from './console-demo.ts';
import { ConsolePage } from './console-page.ts';
import { ConsolePictures } from './console-pictures.ts';

const whyNot = whyNoChromium ?? whyNoDemo;
if (whyNot !== null) console.log(`the console is not tried in a browser: ${whyNot}`);
const patience = { timeout: 20_000, interval: 50 };
const broadcasting = 'leader.ruling.broadcasting';

describe.skipIf(whyNot !== null)('the console in a browser', () => {
  let demo: ConsoleDemo;
  let browser: Browser;
  let client: Client;

  beforeAll(async () => {
    [demo, browser] = await Promise.all([ConsoleDemo.start(), launchChromium()]);
    client = await connect(demo.servers);
  });

  afterAll(async () => {
    await client?.close();
    await browser?.close();
    await demo?.stop();
  });

  beforeEach(() => demo.mend());

  async function open(route: string): Promise<ConsolePage> {
    const opened = await ConsolePage.open(browser, demo.origin, route);
    onTestFinished(async () => {
      await opened.close();
      expect(opened.faults).toEqual([]);
    });
    return opened;
  }

  /** Also where a try before has made it. */
  async function make(path: string, data: string, mode?: CreateMode): Promise<void> {
    try {
      await client.create(path, data, mode === undefined ? {} : { mode });
    } catch (failure) {
      if (!(failure instanceof NodeExistsError)) throw failure;
    }
  }

  const treePath = (path: string) => `tree/${encodeURIComponent(path)}`;
  const card = (page: ConsolePage, sid: number) => page.get(`[aria-label="Replica ${sid}"]`);

  /** Opens the chart of the only watch on this path, as its link on the page of watches does. */
  async function openWatch(page: ConsolePage, path: string): Promise<void> {
    await page.go('sessions/watches');
    await page.get('.watch-group', { hasText: path }).click();
    await page.get('.watch-line').getByRole('link', { name: 'chart' }).click();
  }

  test('a znode that a client creates comes into the tree by itself', async () => {
    const page = await open('tree');
    await page.seen(page.get('.tree-name', { hasText: 'zookeeper' }));

    await make('/greeting', '{"hello":"world"}');

    const name = page.get('.tree-name', { hasText: 'greeting' });
    await page.seen(name);
    await name.click();
    await page.seen(page.get('.value-body', { hasText: '"world"' }));
  });

  test('a watch is armed, and fires when its znode changes', async () => {
    const page = await open('ensemble');
    await make('/watched', 'before');
    let events = 0;
    await client.getData('/watched', { watch: () => events++ });

    await openWatch(page, '/watched');
    await page.seen(page.lit('watch.standard.armed'));
    expect(await page.lit('watch.standard.off').count()).toBe(0);
    await client.setData('/watched', 'after');

    await page.seen(page.lit('watch.standard.off'));
    expect(await page.lit('watch.standard.armed').count()).toBe(0);
    const fired = page.get('[data-transition^="watch.standard.armed|fire.znode|"].is-fired');
    await page.seen(fired);
    expect(events).toBe(1);
  });

  test('two pages look at two watches, each at its own', async () => {
    const pages = await Promise.all([open('ensemble'), open('ensemble')]);
    const paths = ['/first', '/second'];
    for (const path of paths) {
      await make(path, '');
      await client.getData(path, { watch: () => {} });
    }
    await Promise.all(pages.map((page, at) => openWatch(page, paths[at]!)));
    for (const page of pages) await page.seen(page.lit('watch.standard.armed'));

    await client.setData('/second', 'new');
    await pages[1].seen(pages[1].lit('watch.standard.off'));
    expect(await pages[0].lit('watch.standard.armed').count()).toBe(1);
    await client.setData('/first', 'new');
    await pages[0].seen(pages[0].lit('watch.standard.off'));
  });

  test('markup in names and values is text, wherever it is shown', async () => {
    const name = '<img src=x onerror=alert(1)>';
    const value = '<script>window.hacked=1</script><svg onload=alert(2)>';
    await make(`/${name}`, value, CreateMode.ephemeral);
    await client.getData(`/${name}`, { watch: () => {} });
    const page = await open(treePath(`/${name}`));

    await page.seen(page.get('.tree-name', { hasText: name }));
    await page.seen(page.get('.znode-path', { hasText: name }));
    await page.seen(page.get('.value-body', { hasText: value }));
    await page.go(`sessions/0x${client.sessionId.replace(/^0+/, '')}`);
    await page.seen(page.get('.session-detail a', { hasText: name }));
    await openWatch(page, name);
    await page.seen(page.get('.machine-chart h2', { hasText: name }));
    await page.seen(page.lit('watch.standard.armed'));

    expect(await page.page.evaluate('window.hacked')).toBeUndefined();
    expect(await page.get('img').count()).toBe(0);
    await client.delete(`/${name}`);
  });

  test('a leader is killed: the outage is told, another rules, time goes back', async () => {
    const page = await open('playground');
    await page.button('Start the load').click();
    // Where records are asked for, and long enough that there is something to go back to: a step of
    // the slider is some hundred records.
    await page.go('ensemble');
    await demo.until('seconds of writes', ({ series }) => {
      return series.filter(({ perSecond }) => perSecond > 0).length > 30;
    });
    // A busy machine may have had an election of its own: who leads is asked as late as can be.
    const old = await demo.leader();
    await page.seen(card(page, old).locator('strong', { hasText: 'leader' }));
    await page.go('playground');
    await page.act(`Kill replica ${old}`).click();

    const figure = page.get('.playground-figure', { hasText: `${old} killed` });
    await expect.poll(() => figure.locator('b').textContent(), patience).toMatch(/^\d+ ms$/);
    await page.button('Stop the load').click();
    const leader = await demo.leader();
    expect(leader).not.toBe(old);
    await page.go(`charts/${leader}:leader`);
    await page.seen(page.lit(broadcasting));
    expect(await page.get('.machine-chart h2').textContent()).toBe(`${leader}:leader`);

    // It is away: what is shown of it has an age.
    await page.go('ensemble');
    await expect
      .poll(() => card(page, old).locator('.stale').textContent(), patience)
      .toMatch(/^as of \d+ s ago$/);
    await demo.mend();
    await page.seen(card(page, old).locator('strong', { hasText: 'follower' }));
    expect(await card(page, leader).locator('strong').first().textContent()).toBe('leader');

    const shown = async (sid: number, what: string, hasText?: string): Promise<boolean> => {
      const found = card(page, sid).locator(what, hasText === undefined ? {} : { hasText });
      return (await found.count()) > 0;
    };
    await page.dragBack(async () => {
      if (!(await shown(old, 'strong', 'leader'))) return false;
      return (await shown(leader, 'strong', 'follower')) && !(await shown(old, '.stale'));
    });
    await page.go(`charts/${old}:leader`);
    const ended = page.get('.machine-chart .is-stale');
    await page.seen(ended);
    await page.dragBack(async () => {
      return (await page.lit(broadcasting).count()) > 0 && (await ended.count()) === 0;
    });
    await page.button('Live').click();
    await page.seen(ended);
  });

  test('pictures of all pages, none of them blank', async () => {
    const pictures = new ConsolePictures();
    onTestFinished(() => pictures.remove());
    const config = { service: 'orders', replicas: 3, limits: { rate: 250, burst: 1_000 } };
    await make('/app', '');
    await make('/app/config', JSON.stringify({ ...config, regions: ['eu', 'us'] }));
    for (const worker of ['worker-1', 'worker-2', 'worker-3']) {
      await make(`/app/${worker}`, 'ready', CreateMode.ephemeral);
    }
    await client.getData('/app/config', { watch: () => {} });
    await client.getChildren('/app', { watch: () => {} });
    const page = await open('playground');
    await page.button('Start the load').click();
    await demo.until('seconds of writes', ({ series }) => {
      return series.filter(({ perSecond }) => perSecond > 0).length > 40;
    });

    await page.go(treePath('/app/config'));
    await page.seen(page.get('.value-body', { hasText: '"orders"' }));
    await pictures.take(page, 'tree');
    await page.go(`sessions/0x${client.sessionId.replace(/^0+/, '')}`);
    await page.seen(page.get('.session-detail .watch-line').nth(1));
    await pictures.take(page, 'sessions');
    await page.go('metrics');
    await page.seen(page.get('.metrics path, .metrics polyline'));
    await pictures.take(page, 'metrics');
    await page.go(`charts/${await demo.leader()}:leader`);
    await page.seen(page.lit(broadcasting));
    await page.seen(page.get('.is-fired'));
    await pictures.take(page, 'charts');

    const old = await demo.leader();
    await page.go('playground');
    await page.act(`Kill replica ${old}`).click();
    await page.seen(page.get('.playground-figure', { hasText: `${old} killed` }));
    await demo.until('writes under another leader', ({ replicas, outage, series }) => {
      const isLed = replicas.some(({ sid, mode }) => sid !== old && mode === 'leader');
      const areWritten = series.slice(-20).every(({ perSecond }) => perSecond > 0);
      return isLed && areWritten && !outage.isOngoing;
    });
    await pictures.take(page, 'playground');
    await page.go('ensemble');
    await page.seen(card(page, old).locator('.stale'));
    await page.seen(page.get('.sequence .frame'));
    await pictures.take(page, 'ensemble');
    await demo.mend();
  });
});
