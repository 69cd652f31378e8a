import { Secret, TOTP } from 'otpauth';
import type { Page } from 'playwright-core';
import { afterEach, describe, expect, it } from 'vitest';

import { browserPath } from './browser.js';
import { Console, HANDS, SLOW } from './console.js';
import { ageLogin, newUser } from './stack.js';

let open: Console | undefined;
afterEach(async () => {
  await open?.close();
  open = undefined;
});

/** What an authenticator app shows so many steps of 30 s from now. Auth takes one step of drift. */
const codeOf = (secret: string, step: number) =>
  new TOTP({ secret: Secret.fromBase32(secret) }).generate({
    timestamp: Date.now() + step * 30_000,
  });

describe.skipIf(!browserPath).each(HANDS)('second factors, by the %s', SLOW, (hand) => {
  it('are added, asked for at the login, and removed', async () => {
    const user = await newUser();
    const { email } = user;
    const console = (open = await Console.login({ email, hand }));
    await console.go('Second factors');
    await console.press(console.button('Add an authenticator app'));
    await console.press(console.inDialog('Next'));
    await console.page.getByRole('img', { name: 'QR code for the app' }).waitFor();
    const picture = console.page.getByRole('img', { name: 'QR code for the app' });
    // The policy of the page lets it show.
    expect(
      await picture.evaluate((image) => (image as HTMLImageElement).naturalWidth),
    ).toBeGreaterThan(0);
    const secret = await console.page.getByLabel('Key', { exact: true }).innerText();
    await console.type(console.page.getByLabel('Code', { exact: true }), codeOf(secret, -1));
    await console.press(console.inDialog('Confirm'));
    const shown = console.page.getByRole('dialog').locator('code').filter({ hasText: '-' });
    const codes = (await shown.innerText()).split('\n');
    expect(codes).toHaveLength(10);
    await console.press(console.inDialog('Close'));
    await console.sees('10 codes are left.');

    await console.press(console.button('Log out'));
    await console.logIn(email);
    const code = console.page.getByLabel('Code', { exact: true });
    await console.type(code, codeOf(secret, -1));
    await console.press(console.button('Log in'));
    await console.sees('The code is wrong, or was used before.');
    await console.type(code, codeOf(secret, 0));
    await code.press('Enter');
    await console.page.getByRole('navigation').waitFor();

    await console.press(console.button('Log out'));
    await console.logIn(email);
    await console.type(code, codes[0] ?? '');
    await code.press('Enter');
    await console.go('Second factors');
    await console.sees('9 codes are left.');
    await console.press(console.button('New recovery codes'));
    await console.press(console.inDialog('New recovery codes'));
    const next = (await shown.innerText()).split('\n');
    expect(next).toHaveLength(10);
    expect(next).not.toContain(codes[1]);
    await console.press(console.inDialog('Close'));
    await console.sees('10 codes are left.');

    await ageLogin(user);
    await console.page.reload();
    await console.go('Second factors');
    await console.press(console.button('Remove: Authenticator app'));
    await console.press(console.inDialog('Remove'));
    await console.page.getByRole('heading', { name: 'Confirm that it is you' }).waitFor();
    await console.type(code, codes[1] ?? '');
    await console.press(console.inDialog('Confirm'));
    await console.sees('The code is wrong, or was used before.');
    await console.type(code, codeOf(secret, 1));
    await console.press(console.inDialog('Confirm'));
    await console.sees('There is nothing here.');
  });

  it('may be passkeys: alone, as second step, and to confirm a change', async () => {
    const user = await newUser();
    const { email } = user;
    const console = (open = await Console.login({ email, hand }));
    const useAnotherDevice = await addVirtualAuthenticator(console.page);
    await console.go('Second factors');
    await console.press(console.button('Add a passkey'));
    await console.press(console.inDialog('Next'));
    await console.page.getByRole('dialog', { name: 'Recovery codes' }).waitFor();
    await console.press(console.inDialog('Close'));

    await console.press(console.button('Log out'));
    await console.press(console.button('Log in with a passkey'));
    await console.page.getByRole('navigation').waitFor();

    await console.go('Second factors');
    // The first one would not take a second passkey of the same user.
    await useAnotherDevice();
    await console.press(console.button('Add a passkey'));
    await console.type(console.page.getByRole('dialog').getByLabel('Name'), 'Phone');
    await console.press(console.inDialog('Next'));
    await console.button('Remove: Phone').waitFor();
    await console.press(console.button('Remove: Passkey'));
    await console.press(console.inDialog('Remove'));
    await expect.poll(() => console.button('Remove: Passkey').count()).toBe(0);

    await console.press(console.button('Log out'));
    await console.logIn(email);
    await console.press(console.button('Use a passkey'));
    await console.page.getByRole('navigation').waitFor();

    await ageLogin(user);
    await console.page.reload();
    await console.go('Second factors');
    await console.press(console.button('Remove: Phone'));
    await console.press(console.inDialog('Remove'));
    await console.page.getByRole('heading', { name: 'Confirm that it is you' }).waitFor();
    await console.press(console.button('Use a passkey'));
    await console.sees('There is nothing here.');
  });
});

/** A device in the browser that has verified its user. Resolves with how to use another one instead. */
async function addVirtualAuthenticator(page: Page): Promise<() => Promise<void>> {
  const session = await page.context().newCDPSession(page);
  await session.send('WebAuthn.enable');
  const add = () =>
    session.send('WebAuthn.addVirtualAuthenticator', {
      options: {
        protocol: 'ctap2',
        transport: 'internal',
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
        automaticPresenceSimulation: true,
      },
    });
  const first = await add();
  return async () => {
    await session.send('WebAuthn.removeVirtualAuthenticator', first);
    await add();
  };
}
