/** The console under more records than anybody can look at: it stays in the hands of its user. */

import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { launchChromium, whyNoChromium } from './chromium.ts';
import { ConsolePage } from './console-page.ts';
import { FloodServer } from './flood-server.ts';
import { whyNoKeeper } from './keeper.ts';

const whyNot = whyNoChromium ?? whyNoKeeper;
if (whyNot !== null) console.log(`no flood is tried in a browser: ${whyNot}`);
const clickMsMax = 1_000;

/** From the hand's click, by the browser's clock, until what came of it was drawn. */
const timeClicks = `
  window.clickedMs = [];
  addEventListener('click', ({ timeStamp }) => {
    const drawn = () => window.clickedMs.push(Math.round(performance.now() - timeStamp));
    requestAnimationFrame(() => setTimeout(drawn));
  }, true);
`;

describe.skipIf(whyNot !== null)('a page under a flood of records', () => {
  let server: FloodServer;
  let browser: Browser;

  beforeAll(async () => {
    [server, browser] = await Promise.all([FloodServer.start(), launchChromium()]);
  });

  afterAll(async () => {
    await browser?.close();
    await server?.stop();
  });

  test('takes clicks at once, says what was left out, and is right when it is over', async () => {
    const startedMs = performance.now();
    const page = await ConsolePage.open(browser, server.origin);
    onTestFinished(async () => {
      await page.close();
      expect(page.faults).toEqual([]);
    });
    await page.seen(page.get('.connection', { hasText: 'left out' }));
    await page.page.evaluate(timeClicks);
    for (const [title, place] of [
      ['State charts', '.charts'],
      ['Metrics', '.metrics'],
      ['Ensemble', '.sequence'],
      ['State charts', '.charts'],
      ['Ensemble', '.sequence'],
    ] as const) {
      await page.page.getByRole('link', { name: title, exact: true }).click();
      await page.seen(page.get(place));
    }
    const clickedMs = await page.page.evaluate<number[]>('window.clickedMs');
    const rate = Math.round(server.made / (performance.now() - startedMs));
    console.log(`${rate} records in each ms; a page after a click in ${clickedMs.join(', ')} ms`);
    expect(clickedMs.toSorted((one, other) => one - other)[2]).toBeLessThan(clickMsMax);

    server.calm();
    await page.seen(page.get('[aria-label="Replica 1"]:not(.is-stale)', { hasText: 'leader' }));
    await page.go('charts/1:leader');
    await page.seen(page.lit('leader.ruling.broadcasting'));
    await page.seen(page.get('.connection', { hasText: 'live' }));
  });
});
