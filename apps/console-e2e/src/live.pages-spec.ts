import { randomUUID } from 'node:crypto';

import { withClient } from '@jwt-auth/dev-stack/vitest';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { browserPath } from './browser.js';
import { Console, HANDS, NO_COUNT_OF_CLIENTS, SLOW, type Hand } from './console.js';
import { adminToken, api, login, newUser, startStack } from './stack.js';

let console: Console;
function asAdministrator(hand: Hand): void {
  beforeEach(async () => {
    console = await Console.login({ email: (await newUser(['user', 'admin'])).email, hand });
  });
  afterEach(() => console.close());
}

const atOrders = async (token: string) => {
  const headers = { authorization: `Bearer ${token}` };
  return (await fetch(`${(await startStack()).orders}/orders`, { headers })).status;
};
const sessionOf = (token: string) =>
  api<{ sessionId: string }>('auth/me', { token }).then(({ sessionId }) => sessionId);

describe.skipIf(!browserPath).each(HANDS)('revocations, live, by the %s', SLOW, (hand) => {
  asAdministrator(hand);

  it('show how long orders takes to refuse the tokens of a session', async () => {
    const token = await login((await newUser()).email);
    const sessionId = await sessionOf(token);
    expect(await atOrders(token)).toBe(200);
    await console.go('Revocations');
    await console.sees('up to date');
    await console.type(console.page.getByLabel('Id', { exact: true }), sessionId);
    await console.press(console.button('Revoke'));
    await console.sees('Every service refuses all access tokens of the session');
    await console.sees('This revokes at most 1 access token of open sessions.');
    await console.press(console.inDialog('Revoke'));
    await console.sees(/^Applied by [1-9]\d* of [1-9]\d* service/);
    expect(await atOrders(token)).toBe(401);
    const bars = console.page.getByRole('list', { name: 'Services that follow the feed' }).first();
    expect(await bars.innerText()).toMatch(/\d ms/);
    await console.page
      .getByRole('list', { name: 'What is revoked' })
      .getByText(sessionId)
      .waitFor();
  });

  it.each([
    ['token', 'Revoke this token?'],
    ['client', 'Revoke all tokens of this client?'],
    ['key', 'Revoke this key?'],
  ])('take the id of a %s', async (kind, question) => {
    const id = randomUUID();
    await console.go('Revocations');
    await console.choose(console.page.getByLabel('What', { exact: true }), kind);
    await console.type(console.page.getByLabel('Id', { exact: true }), id);
    await console.press(console.button('Revoke'));
    await console.sees(question);
    const ofClients = console.page.getByText(NO_COUNT_OF_CLIENTS);
    expect(await ofClients.count()).toBe(kind === 'token' ? 0 : 1);
    await console.press(console.inDialog('Revoke'));
    await console.sees(/^Applied by/);
    const revoked = console.page.getByRole('list', { name: 'What is revoked' });
    await revoked.getByText(`${kind} ${id}`).waitFor();
  });

  it('can be tried with an unused id', async () => {
    await console.go('Revocations');
    await console.press(console.button('Try it with an unused id'));
    await console.sees(/^Applied by/);
  });

  it('say what is wrong with an id', async () => {
    await console.go('Revocations');
    await console.type(console.page.getByLabel('Id', { exact: true }), 'x'.repeat(300));
    await console.press(console.button('Revoke'));
    await console.sees('The number of access tokens that this revokes is not known.');
    await console.press(console.inDialog('Revoke'));
    await console.page.getByRole('dialog').locator('.failure').waitFor();
    await console.press(console.inDialog('Cancel'));
    expect(await console.page.getByLabel('Id', { exact: true }).inputValue()).toHaveLength(300);
  });
});

describe.skipIf(!browserPath)('health', () => {
  asAdministrator('mouse');

  it('counts a refused login, and why', async () => {
    const body = { email: 'ada@example.com', password: 'a wrong password' };
    await api('auth/login', { body }).catch(() => undefined);
    await console.go('Health');
    const refused = console.page.locator('section').filter({ hasText: 'Logins refused' });
    await refused.getByText('invalid_credentials').waitFor();
    await console.page.getByRole('img', { name: /^Logins: Last/ }).waitFor();
    const chart = refused.getByRole('img');
    await expect.poll(() => chart.evaluate(isDrawn)).toBe(true);
    await console.page.setViewportSize({ width: 360, height: 740 });
    const width = () => chart.locator('canvas').evaluate((canvas) => canvas.clientWidth);
    await expect.poll(width).toBeLessThan(360);
  });
});

describe.skipIf(!browserPath).each(HANDS)('keys, by the %s', SLOW, (hand) => {
  asAdministrator(hand);

  it('rotate, and a stolen one is withdrawn without ending a session', async () => {
    interface Key {
      kid: string;
      state: string;
    }
    const active = async () => {
      const keys = await api<Key[]>('admin/keys', { token: await login('admin@example.com') });
      return keys.find(({ state }) => state === 'active')?.kid;
    };
    await adminToken();
    const before = await active();
    await console.go('Keys');
    await console.press(console.button('Rotate'));
    await console.press(console.inDialog('Rotate'));
    await console.sees('The next key signs now.');
    const stolen = await active();
    expect(stolen).not.toBe(before);

    const token = await login('ada@example.com');
    await revokeMany();
    await console.press(console.button(`Withdraw: ${stolen}`));
    await console.sees('What to do when a key is stolen');
    await console.sees(/This revokes at most \d+ access tokens?/);
    await console.sees(NO_COUNT_OF_CLIENTS);
    await console.press(console.inDialog('Withdraw'));
    await console.sees('After the withdrawal');
    const checks = console.page.locator('section').filter({ hasText: 'After the withdrawal' });
    await expect.poll(() => checks.getByText('yes', { exact: true }).count()).toBe(2);
    expect(await atOrders(token)).toBe(401);
    await console.go('Sessions');
    await console.sees('this one');
  });
});

/** More than a first answer of the feed has. */
async function revokeMany(): Promise<void> {
  const { authDatabase } = await startStack();
  const statement = `INSERT INTO revoked_tokens (kind, id, exp)
    SELECT 'jti', gen_random_uuid()::text, extract(epoch FROM now())::bigint + 600
    FROM generate_series(1, 2100)`;
  await withClient(authDatabase, (client) => client.query(statement));
}

/** Whether a chart has bars: places of its color. */
function isDrawn(chart: Element): boolean {
  const canvas = chart.querySelector('canvas');
  const { color } = getComputedStyle(chart);
  const [red, green, blue] = color.match(/\d+/g)?.map(Number) ?? [];
  const pixels = canvas?.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height).data;
  return !!pixels?.some(
    (value, at) =>
      at % 4 === 0 && value === red && pixels[at + 1] === green && pixels[at + 2] === blue,
  );
}
