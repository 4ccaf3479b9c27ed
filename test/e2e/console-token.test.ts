/**
 * Writing in the console of a replica that has a token: nothing without it, a version that is
 * checked with it, and read-only again once it has expired.
 */

import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { type Client, connect } from '../../client/client.ts';
import { freePort } from '../support/free-port.ts';
import { launchChromium, whyNoChromium } from './chromium.ts';
import { ConsolePage } from './console-page.ts';
import { Keeper, whyNoKeeper } from './keeper.ts';

const whyNot = whyNoChromium ?? whyNoKeeper;
if (whyNot !== null) console.log(`writing is not tried in a browser: ${whyNot}`);
const token = 'the-token-of-this-test-0123456789';
const wrong = 'not-the-token-of-this-test-012345';

describe.skipIf(whyNot !== null)('the console of a replica with a token', () => {
  let keeper: Keeper;
  let browser: Browser;
  let client: Client;
  let origin: string;

  beforeAll(async () => {
    const port = await freePort();
    origin = `http://127.0.0.1:${port}`;
    keeper = await Keeper.make({ config: [`console.port=${port}`, `console.token=${token}`] });
    [, browser] = await Promise.all([keeper.start(), launchChromium()]);
    // A replica serves its clients whether or not its console is up yet.
    const isUp = () =>
      fetch(origin)
        .then(() => true)
        .catch(() => false);
    while (!(await isUp())) await new Promise((resolve) => setTimeout(resolve, 50));
    client = await connect(keeper.address);
    await client.create('/note', 'first');
  });

  afterAll(async () => {
    await client?.close();
    await browser?.close();
    await keeper?.remove();
  });

  async function open(): Promise<ConsolePage> {
    const route = `tree/${encodeURIComponent('/note')}`;
    const opened = await ConsolePage.open(browser, origin, route);
    onTestFinished(async () => {
      await opened.close();
      expect(opened.faults).toEqual([]);
    });
    await opened.seen(opened.get('.value-body'));
    return opened;
  }

  const shows = (page: ConsolePage, text: string) => {
    return page.seen(page.get('.value-body', { hasText: text }));
  };

  test('without a token, or with a wrong one, there is nothing to write with', async () => {
    const page = await open();
    await shows(page, 'first');
    expect(await page.button('Edit').count()).toBe(0);
    expect(await page.button('Delete').count()).toBe(0);

    await page.giveToken(wrong);

    await page.seen(page.get('.notice', { hasText: 'This page is read-only now' }));
    await page.seen(page.button('Token …'));
    expect(await page.button('Edit').count()).toBe(0);
  });

  test('a value is written over the version that was read, and over no other', async () => {
    const page = await open();
    await page.giveToken(token);
    await page.button('Edit').click();
    await page.get('.editor textarea').fill('mine');
    await page.button('Look at the differences').click();
    const stat = await client.setData('/note', 'theirs');

    await page.button(`Save over version ${stat.version - 1}`).click();

    await page.seen(page.get('.editor', { hasText: `now version ${stat.version}` }));
    expect(`${(await client.getData('/note')).data}`).toBe('theirs');
    await page.button('Keep mine, and look at it against the new value').click();
    await page.button(`Save over version ${stat.version}`).click();
    await shows(page, 'mine');
    expect(`${(await client.getData('/note')).data}`).toBe('mine');
    await page.button('Undo').click();
    await shows(page, 'theirs');
  });

  test('an expired token makes the page read-only, with a notice', async () => {
    const page = await open();
    await page.giveToken(token);
    await page.seen(page.button('Edit'));

    await keeper.stop();
    await keeper.start(['console.tokenExpires=2020-01-01']);

    await page.seen(page.get('.notice', { hasText: 'This page is read-only now' }));
    await page.seen(page.get('.connection', { hasText: 'read-only' }));
    await expect.poll(() => page.button('Edit').count(), { timeout: 20_000 }).toBe(0);
    await shows(page, 'theirs');
  });
});
