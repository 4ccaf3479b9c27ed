/**
 * One page of the console in a browser: where things are on it, and all that must never happen on
 * it (dialogs, errors, violations of the content policy), written down as it happens.
 */

import type { Browser, BrowserContext, Locator, Page } from 'playwright-core';

/** So long may what a test waits for take; machines that run tests are busy. */
const waitMsMax = 20_000;
const viewport = { width: 1280, height: 800 };

export class ConsolePage {
  readonly page: Page;
  /** Dialogs, uncaught errors, and what the browser refused by the content policy. */
  readonly faults: string[] = [];
  readonly #context: BrowserContext;

  private constructor(page: Page, context: BrowserContext) {
    this.page = page;
    this.#context = context;
    page.on('pageerror', (error) => this.faults.push(`error: ${error.message}`));
    page.on('dialog', (dialog) => {
      this.faults.push(`dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    page.on('console', (message) => {
      const text = message.text();
      if (/Content[ -]Security[ -]Policy|Refused to/i.test(text)) this.faults.push(text);
    });
  }

  /** A page of its own: nothing is shared with others, the token neither. */
  static async open(browser: Browser, origin: string, route = 'ensemble'): Promise<ConsolePage> {
    const context = await browser.newContext({ viewport, colorScheme: 'light' });
    context.setDefaultTimeout(waitMsMax);
    const opened = new ConsolePage(await context.newPage(), context);
    await opened.page.goto(`${origin}/#/${route}`);
    return opened;
  }

  /** Within the app, as its links do: the page is not loaded again. */
  async go(route: string): Promise<void> {
    await this.page.evaluate(`location.hash = ${JSON.stringify(`#/${route}`)}`);
  }

  get(selector: string, options: { readonly hasText?: string } = {}): Locator {
    return this.page.locator(selector, options);
  }

  button(name: string): Locator {
    return this.page.getByRole('button', { name, exact: true });
  }

  /** The state of the drawing that is open, as `leader.ruling.broadcasting`, when it is lit. */
  lit(state: string): Locator {
    return this.get(`[data-state="${state}"].is-active`);
  }

  /** Acts of the playground carry whom they concern in their title. */
  act(title: string): Locator {
    return this.page.getByTitle(title, { exact: true });
  }

  /** Resolves when it is there to be seen. */
  async seen(locator: Locator): Promise<void> {
    await locator.first().waitFor({ state: 'visible' });
  }

  /** Moves the slider of time as a hand does, from record to record, until it is so. */
  async dragBack(isSo: () => Promise<boolean>, parts = 100): Promise<void> {
    const slider = this.page.getByLabel('Time', { exact: true });
    const box = await slider.boundingBox();
    if (box === null) throw new Error('there is no slider');
    const y = box.y + box.height / 2;
    await this.page.mouse.move(box.x + box.width - 4, y);
    await this.page.mouse.down();
    try {
      for (let part = parts; part >= 0; part--) {
        await this.page.mouse.move(box.x + 8 + ((box.width - 16) * part) / parts, y);
        await this.#drawn();
        if (await isSo()) return;
      }
    } finally {
      await this.page.mouse.up();
    }
    throw new Error('it was not so at any time that the page holds');
  }

  /** Resolves when what was done last is on the screen. */
  #drawn(): Promise<unknown> {
    return this.page.evaluate(
      'new Promise((done) => requestAnimationFrame(() => setTimeout(done)))',
    );
  }

  async giveToken(token: string): Promise<void> {
    await this.button('Token …').click();
    await this.page.getByLabel('Access token').fill(token);
    await this.button('Use it').click();
  }

  close(): Promise<void> {
    return this.#context.close();
  }
}
