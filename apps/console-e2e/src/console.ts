import type { BrowserContextOptions, Locator, Page } from 'playwright-core';
import { expect } from 'vitest';

import { openBrowser } from './browser.js';
import { PASSWORD, startStack } from './stack.js';

export interface ConsoleOptions extends Pick<BrowserContextOptions, 'viewport' | 'colorScheme'> {
  readonly email: string;
  /** Where auth is found. Default: where it listens. */
  readonly address?: string;
}

const TIMEOUT_MS = 15_000;

/** The console in a browser of its own, in which a user has logged in. */
export class Console {
  /** What went wrong in the page, and requests that left the origin. Empty at the end of a test. */
  readonly complaints: string[] = [];

  private constructor(
    readonly page: Page,
    readonly address: string,
  ) {
    page.setDefaultTimeout(TIMEOUT_MS);
    page.on('pageerror', (error) => this.complaints.push(error.message));
    page.on('console', (message) => {
      // A request that fails is reported, too: tests of failures look at what the page makes of it.
      const isFailedRequest = message.text().startsWith('Failed to load resource');
      if (message.type() === 'error' && !isFailedRequest) this.complaints.push(message.text());
    });
    page.on('request', (request) => {
      if (!request.url().startsWith(`${address}/`)) this.complaints.push(request.url());
    });
  }

  /** Opens the page, with nobody logged in. */
  static async open(options: Omit<ConsoleOptions, 'email'> = {}, path = ''): Promise<Console> {
    const { address = (await startStack()).auth, ...look } = options;
    const context = await (await openBrowser()).newContext({ locale: 'en-US', ...look });
    const opened = new Console(await context.newPage(), address);
    await opened.page.goto(`${address}/console${path}`);
    return opened;
  }

  static async login({ email, ...options }: ConsoleOptions): Promise<Console> {
    const opened = await Console.open(options);
    await opened.logIn(email);
    await opened.page.getByRole('navigation').waitFor();
    return opened;
  }

  /** Fills the form of the login. */
  async logIn(email: string, password = PASSWORD): Promise<void> {
    await this.page.getByLabel('E-mail').fill(email);
    await this.page.getByLabel('Password', { exact: true }).fill(password);
    await this.button('Log in').click();
  }

  /** Goes to a page of the menu. */
  async go(name: string): Promise<void> {
    await this.page.getByRole('navigation').getByRole('link', { name, exact: true }).click();
    await this.page.getByRole('heading', { level: 1, name, exact: true }).waitFor();
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
