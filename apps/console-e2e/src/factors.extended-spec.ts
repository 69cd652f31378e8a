import { withDatabase } from '@jwt-auth/dev-stack/vitest';
import { Secret, TOTP } from 'otpauth';
import type { Page } from 'playwright-core';
import { afterEach, describe, expect, it } from 'vitest';

import { browserPath } from './browser.js';
import { Console, HANDS, SLOW } from './console.js';
import { newUser, startStack } from './stack.js';

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
    const { email } = await newUser();
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
    await console.press(console.button('Remove: Authenticator app'));
    await console.press(console.inDialog('Remove'));
    await console.sees('There is nothing here.');
  });

  it('may be passkeys: alone, as second step, and to confirm a change', async () => {
    const { email, id } = await newUser();
    const console = (open = await Console.login({ email, hand }));
    await addVirtualAuthenticator(console.page);
    await console.go('Second factors');
    await console.press(console.button('Add a passkey'));
    await console.press(console.inDialog('Next'));
    await console.page.getByRole('dialog', { name: 'Recovery codes' }).waitFor();
    await console.press(console.inDialog('Close'));

    await console.press(console.button('Log out'));
    await console.press(console.button('Log in with a passkey'));
    await console.page.getByRole('navigation').waitFor();

    await console.press(console.button('Log out'));
    await console.logIn(email);
    await console.press(console.button('Use a passkey'));
    await console.page.getByRole('navigation').waitFor();

    const { authDatabase } = await startStack();
    const longAgo = `UPDATE sessions SET authenticated_at = now() - interval '16 minutes' WHERE user_id = '${id}'`;
    await withDatabase(authDatabase, (client) => client.query(longAgo));
    await console.page.reload();
    await console.go('Second factors');
    await console.press(console.button('Remove: Passkey'));
    await console.press(console.inDialog('Remove'));
    await console.page.getByRole('heading', { name: 'Confirm that it is you' }).waitFor();
    await console.press(console.button('Use a passkey'));
    await console.sees('There is nothing here.');
  });
});

/** A device in the browser that has verified its user. */
async function addVirtualAuthenticator(page: Page): Promise<void> {
  const session = await page.context().newCDPSession(page);
  await session.send('WebAuthn.enable');
  await session.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
}
