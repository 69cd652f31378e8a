import { afterEach, describe, expect, it } from 'vitest';

import { browserPath } from './browser.js';
import { Console, SLOW } from './console.js';
import { ageLogin, newUser } from './stack.js';

/** Of what was asked once a second. */
const SECONDS = 4;

let open: Console | undefined;
afterEach(async () => {
  await open?.close();
  open = undefined;
});

const problem = (status: number, title: string) => ({
  status,
  contentType: 'application/problem+json',
  body: JSON.stringify({ code: 'of_this_test', title }),
});

describe.skipIf(!browserPath)('the console', SLOW, () => {
  it('says that an HTML page is not an answer of auth', async () => {
    const console = (open = await Console.login({ email: (await newUser()).email }));
    const { page } = console;
    const html = { status: 200, contentType: 'text/html', body: '<p>Under construction</p>' };
    await page.route('**/auth/sessions', (route) => route.fulfill(html));
    await page.route('**/auth/email/verify/resend', (route) => route.fulfill(html));
    await console.go('Sessions');
    await console.sees('did not come from the auth server');
    await console.go('Account');
    await console.press(console.button('Send the link again'));
    await console.sees('did not come from the auth server');
  });

  it('shows why no session is resumed, and does not ask again and again', async () => {
    const console = (open = await Console.login({ email: (await newUser()).email }));
    const { page } = console;
    let count = 0;
    await page.route('**/auth/refresh', (route) => {
      count += 1;
      return route.fulfill(problem(403, 'Not from here'));
    });
    await page.reload();
    await console.sees('Not from here');
    await page.waitForTimeout(SECONDS * 1_000);
    expect(count).toBeLessThan(SECONDS);
    expect(await page.getByText('This page continues by itself').count()).toBe(0);
  });

  it('goes on when auth answers, also where its readiness cannot be asked for', async () => {
    const console = (open = await Console.login({ email: (await newUser()).email }));
    const { page } = console;
    await page.route('**/health/ready', (route) => route.fulfill(problem(404, 'Not found')));
    await page.route('**/auth/sessions', (route) => route.abort(), { times: 1 });
    await console.go('Sessions');
    await console.sees('this one');
    await page.getByText('This page continues by itself').waitFor({ state: 'detached' });
  });

  it('shows an error of auth in the question, and Cancel closes it', async () => {
    const user = await newUser();
    const console = (open = await Console.login({ email: user.email }));
    const { page } = console;
    await ageLogin(user);
    await page.route('**/auth/factors', (route) => route.fulfill(problem(500, 'It is broken')));
    await page.reload();
    await console.go('Account');
    await console.press(console.button('Delete my account'));
    await console.press(console.inDialog('Delete my account'));
    const question = page.getByRole('dialog', { name: 'Confirm that it is you' });
    await question.getByText('It is broken').waitFor();
    await question.getByRole('button', { name: 'Cancel' }).click();
    await console.sees('Not done: you did not confirm that it is you.');
  });
});
