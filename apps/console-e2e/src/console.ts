import type { BrowserContextOptions, Locator, Page } from 'playwright-core';
import { expect } from 'vitest';

import { openBrowser } from './browser.js';
import { PASSWORD, startStack } from './stack.js';

export interface ConsoleOptions extends Pick<BrowserContextOptions, 'viewport' | 'colorScheme'> {
  readonly email: string;
  /** Where auth is found. Default: where it listens. */
  readonly address?: string;
  /** Default: the mouse. */
  readonly hand?: Hand;
}

/** What a user works with. */
export type Hand = 'mouse' | 'keyboard';
export const HANDS: readonly Hand[] = ['mouse', 'keyboard'];

/** For tests of many steps, on a busy machine. */
export const SLOW = { timeout: 300_000 };

/** What a dialog says that may also end tokens of clients. */
export const NO_COUNT_OF_CLIENTS = 'Tokens that clients get for themselves are not recorded';

const TIMEOUT_MS = 30_000;
/** No page has so many places that the focus can go to. */
const MOST_TABS = 150;

/** The console in a browser of its own, in which a user has logged in. */
export class Console {
  /** What went wrong in the page, and requests that left the origin. Empty at the end of a test. */
  readonly complaints: string[] = [];

  private constructor(
    readonly page: Page,
    readonly address: string,
    readonly hand: Hand,
  ) {
    page.setDefaultTimeout(TIMEOUT_MS);
    page.on('pageerror', (error) => this.complaints.push(error.message));
    page.on('console', (message) => {
      // A request that fails is reported, too: tests of failures look at what the page makes of it.
      const isFailedRequest = message.text().startsWith('Failed to load resource');
      if (message.type() === 'error' && !isFailedRequest) this.complaints.push(message.text());
    });
    page.on('request', (request) => {
      const isOwn = [address, `blob:${address}`].some((own) => request.url().startsWith(`${own}/`));
      if (!isOwn) this.complaints.push(request.url());
    });
  }

  /** Opens the page without a session. */
  static async open(options: Omit<ConsoleOptions, 'email'> = {}, path = ''): Promise<Console> {
    const { address = (await startStack()).auth, hand = 'mouse', ...look } = options;
    const context = await (await openBrowser()).newContext({ locale: 'en-US', ...look });
    const opened = new Console(await context.newPage(), address, hand);
    await opened.page.goto(`${address}/console${path}`);
    return opened;
  }

  static async login({ email, ...options }: ConsoleOptions): Promise<Console> {
    const opened = await Console.open(options);
    await opened.logIn(email);
    await opened.page.getByRole('navigation').waitFor();
    await opened.seesToken();
    return opened;
  }

  /**
   * Waits for the token that its page asks for. Lost half-way, that would end the session; and what is
   * below moves when it comes, away from a mouse that clicks there.
   */
  private async seesToken(): Promise<void> {
    await this.page.locator('.copyable code').waitFor();
  }

  /** Fills the form of the login. */
  async logIn(email: string, password = PASSWORD): Promise<void> {
    await this.type(this.page.getByLabel('E-mail'), email);
    await this.type(this.page.getByLabel('Password', { exact: true }), password);
    await this.press(this.button('Log in'));
  }

  /** Goes to a page of the menu. */
  async go(name: string): Promise<void> {
    await this.press(this.page.getByRole('navigation').getByRole('link', { name, exact: true }));
    await this.page.getByRole('heading', { level: 1, name, exact: true }).waitFor();
    if (name === 'Token') await this.seesToken();
  }

  /** A button or a link. */
  async press(target: Locator): Promise<void> {
    if (this.hand === 'mouse') return target.click();
    await this.reach(target);
    await this.page.keyboard.press('Enter');
  }

  async check(box: Locator): Promise<void> {
    if (this.hand === 'mouse') return box.check();
    await this.reach(box);
    await this.page.keyboard.press('Space');
  }

  /** Takes the option with this text. */
  async choose(select: Locator, text: string): Promise<void> {
    if (this.hand === 'mouse') return void (await select.selectOption(text));
    await this.reach(select);
    await this.page.keyboard.type(text);
  }

  /** Replaces the text of a field. */
  async type(field: Locator, text: string): Promise<void> {
    if (this.hand === 'mouse') return field.fill(text);
    await this.reach(field);
    await this.page.keyboard.press('ControlOrMeta+A');
    await this.page.keyboard.press('Delete');
    await this.page.keyboard.insertText(text);
  }

  /** Goes there as someone without a mouse does: by Tab alone. */
  private async reach(target: Locator): Promise<void> {
    await target.waitFor();
    const isBusy = () => target.getAttribute('aria-disabled');
    await expect.poll(isBusy, { timeout: TIMEOUT_MS }).not.toBe('true');
    for (let count = 0; count < MOST_TABS; count += 1) {
      if (await target.evaluate((element) => element === element.ownerDocument.activeElement)) {
        return;
      }
      await this.page.keyboard.press('Tab');
    }
    throw new Error(`Tab does not lead to ${String(target)}`);
  }

  button(name: string | RegExp): Locator {
    return this.page.getByRole('button', { name, exact: typeof name === 'string' });
  }

  /** A button of the open dialog. */
  inDialog(name: string): Locator {
    return this.page.getByRole('dialog').getByRole('button', { name, exact: true });
  }

  /** Waits until a text is there. */
  async sees(text: string | RegExp): Promise<void> {
    await this.page.getByText(text).first().waitFor();
  }

  async close(): Promise<void> {
    await this.page.context().close();
    expect(this.complaints).toEqual([]);
  }
}
