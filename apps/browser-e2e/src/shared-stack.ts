import { findChromium } from '@jwt-auth/dev-stack';

import { BrowserStack, type User } from './browser-stack.js';

/** Where the browser of this machine is: `CHROME_PATH`, or on the path. */
export const browserPath = findChromium();
if (browserPath === undefined) {
  process.stderr.write('\n*** SKIPPED: there is no Chromium here. Set CHROME_PATH. ***\n\n');
}

let shared: Promise<BrowserStack> | undefined;

/** The same for all specs of a worker. It ends with the worker. */
export function startStack(): Promise<BrowserStack> {
  shared ??= BrowserStack.start(browserPath ?? '');
  return shared;
}

/** A test with a user of its own, whose browser is closed when it ends. */
export const anonymous = (test: (user: User) => Promise<void>) => async () =>
  (await startStack()).withUser(test);

export const loggedIn = (test: (user: User) => Promise<void>) =>
  anonymous(async (user) => {
    await user.login();
    await test(user);
  });
