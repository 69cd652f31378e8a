import { afterEach, beforeEach, describe, it } from 'vitest';

import { browserPath } from './browser.js';
import { Console, SLOW } from './console.js';
import { newUser } from './stack.js';

/** What browsers leave out of pages over plain http, other than those of this machine. */
const LEAVE_OUT = `
  Object.defineProperty(navigator, 'clipboard', { value: undefined });
  Object.defineProperty(crypto, 'randomUUID', { value: undefined });`;

describe.skipIf(!browserPath)('without what only secure pages have', SLOW, () => {
  let console: Console;
  beforeEach(async () => {
    console = await Console.login({ email: (await newUser(['user', 'admin'])).email });
    await console.page.evaluate(LEAVE_OUT);
  });
  afterEach(() => console.close());

  it('a text that cannot be copied is to be selected', async () => {
    await console.press(console.button(/^Copy: /));
    await console.sees('The browser does not allow this');
  });

  it('a revocation can be tried', async () => {
    await console.go('Revocations');
    await console.press(console.button('Try it with an unused id'));
    await console.sees(/^Applied by/);
  });
});
