import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { EncryptionKeys } from '../keys/key-encryption.js';
import { AuthApp } from '../testing/auth-app.fixture.js';
import { ENCRYPTION_KEY } from '../testing/migrated-database.fixture.js';
import { codeFor, enrolled, forgetCodes, secondStep, ticketFor } from './authenticator.fixture.js';
import { FactorSecrets } from './factor-secrets.js';
import type { TotpKey } from './factors.schema.js';

const EMAIL = 'ada@example.com';
const before = { KEY_ENCRYPTION_KEY: ENCRYPTION_KEY.toString('base64') };
const after = { KEY_ENCRYPTION_KEY: randomBytes(32).toString('base64') };
const between = { ...after, KEY_ENCRYPTION_KEY_PREVIOUS: before.KEY_ENCRYPTION_KEY };

/** An enrolment that waits for its confirmation. */
async function enrolling(auth: AuthApp, email: string) {
  const userId = (await auth.register(email)).body.id;
  const { access_token: token } = await auth.login(email);
  const { body: key } = await auth.call<TotpKey>('POST', '/auth/factors/totp', { token });
  const confirm = (app: AuthApp) => {
    const body = { code: codeFor(app, key.secret) };
    return app.call('POST', '/auth/factors/totp/confirm', { token, body });
  };
  return { userId, secret: key.secret, confirm };
}

describe('a change of KEY_ENCRYPTION_KEY while users add authenticator apps', () => {
  let confirmed: Awaited<ReturnType<typeof enrolling>>;
  let unconfirmed: typeof confirmed;
  let changed: AuthApp;

  beforeAll(async () => {
    const auth = await AuthApp.start(before);
    confirmed = await enrolling(auth, EMAIL);
    unconfirmed = await enrolling(auth, 'bea@example.com');
    await auth.close();
    const { databaseUrl: DATABASE_URL } = auth;
    const changing = await AuthApp.start({ DATABASE_URL, ...between });
    expect((await confirmed.confirm(changing)).status).toBe(200);
    await changing.close();
    changed = await AuthApp.start({ DATABASE_URL, ...after });
  });
  afterAll(() => changed.close());

  it('keeps authenticator apps working after the old key is removed', async () => {
    const { userId, secret } = confirmed;
    await forgetCodes(changed, userId);
    const ticket = await ticketFor(changed, EMAIL);
    const code = codeFor(changed, secret);
    expect((await secondStep(changed, { ticket, code })).status).toBe(200);
  });

  it('lets the user begin again when the former key is gone', async () => {
    expect((await unconfirmed.confirm(changed)).status).toBe(409);
  });
});

it('a code of an app whose secret cannot be read is wrong, and a recovery code logs in', async () => {
  const auth = await AuthApp.start(before);
  const { userId, email, secret, recoveryCodes } = await enrolled(auth);
  const unknown = new EncryptionKeys(randomBytes(32));
  await auth.dataSource.query('UPDATE factors SET secret = $2 WHERE user_id = $1', [
    userId,
    unknown.encryptSecret(Buffer.from('secret'), `totp:${userId}`),
  ]);
  const ticket = await ticketFor(auth, email);
  const refused = await secondStep(auth, { ticket, code: codeFor(auth, secret) });
  expect(refused).toMatchObject({ status: 401, body: { code: 'invalid_code' } });
  expect(auth.log.filter((line) => line.includes('unknown key')).join()).toContain(userId);
  const [recoveryCode] = recoveryCodes;
  expect((await secondStep(auth, { ticket, recoveryCode })).status).toBe(200);
  await auth.close();
});

it('an error of the database while secrets are encrypted anew ends the start', async () => {
  const [former, present] = [randomBytes(32), randomBytes(32)];
  const secret = new EncryptionKeys(former).encryptSecret(Buffer.from('secret'), 'totp:ada');
  const readOnly = new Error('cannot execute UPDATE in a read-only transaction');
  const factors = {
    secretsAfter: async () => [{ id: 'one', userId: 'ada', secret }],
    replaceSecret: () => Promise.reject(readOnly),
  };
  const secrets = new FactorSecrets(new EncryptionKeys(present, former), factors as never);
  await expect(secrets.onModuleInit()).rejects.toThrow(readOnly);
});
